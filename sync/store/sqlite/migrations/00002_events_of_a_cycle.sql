-- +goose Up

-- The page of a cycle shows what it did, among millions of events.
CREATE INDEX events_cycle ON events (partnership, cycle, id);

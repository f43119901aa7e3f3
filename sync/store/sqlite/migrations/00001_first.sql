-- +goose Up

-- "Lock" in ASCII: tells our files from other programs' databases.
PRAGMA application_id = 1282368363;

CREATE TABLE partnerships (
    pk               INTEGER PRIMARY KEY,
    id               TEXT    NOT NULL UNIQUE,
    generation       INTEGER NOT NULL,
    next_id          INTEGER NOT NULL,
    conflicts_digest TEXT    NOT NULL,
    holds_digest     TEXT    NOT NULL
) STRICT;

CREATE TABLE tasks (
    partnership INTEGER NOT NULL,
    id          TEXT    NOT NULL,
    number      INTEGER NOT NULL,
    agreed      TEXT    NOT NULL,
    baseline    TEXT,
    removed     INTEGER NOT NULL,
    created     INTEGER,
    changed     INTEGER,
    PRIMARY KEY (partnership, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE links (
    partnership INTEGER NOT NULL,
    task        TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    base        TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    PRIMARY KEY (partnership, task, source)
) STRICT, WITHOUT ROWID;

-- Two tasks tied to one item would each write their own values to it, for ever.
CREATE UNIQUE INDEX links_item ON links (partnership, source, key);

CREATE TABLE sources (
    partnership  INTEGER NOT NULL,
    id           TEXT    NOT NULL,
    cursor       TEXT    NOT NULL,
    fingerprint  TEXT    NOT NULL,
    last_attempt INTEGER,
    last_success INTEGER,
    error        TEXT    NOT NULL,
    reason       TEXT    NOT NULL,
    hint         TEXT    NOT NULL,
    PRIMARY KEY (partnership, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE intents (
    partnership INTEGER NOT NULL,
    task        TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    op          TEXT    NOT NULL,
    changes     TEXT,
    at          INTEGER,
    attempt     INTEGER NOT NULL,
    PRIMARY KEY (partnership, task, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE pauses (
    partnership INTEGER NOT NULL,
    task        TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    op          TEXT    NOT NULL,
    until       INTEGER,
    attempt     INTEGER NOT NULL,
    want        TEXT    NOT NULL,
    error       TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    hint        TEXT    NOT NULL,
    PRIMARY KEY (partnership, task, source)
) STRICT, WITHOUT ROWID;

CREATE TABLE conflicts (
    partnership INTEGER NOT NULL,
    task        TEXT    NOT NULL,
    field       TEXT    NOT NULL,
    agreed      TEXT,
    claims      TEXT,
    opened      INTEGER,
    PRIMARY KEY (partnership, task, field)
) STRICT, WITHOUT ROWID;

-- position orders the holds of one field of one item, which may be several.
CREATE TABLE holds (
    partnership INTEGER NOT NULL,
    source      TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    field       TEXT    NOT NULL,
    position    INTEGER NOT NULL,
    task        TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    reason      TEXT    NOT NULL,
    raw         TEXT    NOT NULL,
    hint        TEXT    NOT NULL,
    PRIMARY KEY (partnership, source, key, field, position)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: an id that was given is never given again.
CREATE TABLE events (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    partnership INTEGER NOT NULL,
    cycle       INTEGER NOT NULL,
    at          INTEGER,
    kind        TEXT    NOT NULL,
    task        TEXT    NOT NULL,
    field       TEXT    NOT NULL,
    source      TEXT    NOT NULL,
    value_from  TEXT,
    value_to    TEXT,
    changed_by  TEXT    NOT NULL,
    losers      TEXT,
    note        TEXT    NOT NULL
) STRICT;

CREATE INDEX events_partnership ON events (partnership, id);
CREATE INDEX events_task ON events (partnership, task, id);

CREATE TABLE cycles (
    partnership INTEGER NOT NULL,
    generation  INTEGER NOT NULL,
    started     INTEGER,
    took        INTEGER NOT NULL,
    result      TEXT    NOT NULL,
    patches     INTEGER NOT NULL,
    note        TEXT    NOT NULL,
    PRIMARY KEY (partnership, generation)
) STRICT, WITHOUT ROWID;

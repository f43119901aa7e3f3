package jira

import (
	"context"
	"slices"
)

// again tries once more what was refused because its issue had taken too many writes, now that the others had their turn.
// Its issue is read anew, for it may have changed meanwhile. What still has to wait longer than a call may keeps its error.
func (b *batch) again(ctx context.Context) {
	todo := slices.Compact(slices.Sorted(slices.Values(b.crowded)))
	b.crowded = nil
	todo = slices.DeleteFunc(todo, func(i int) bool {
		r := b.out[i]
		begun := slices.ContainsFunc(b.loose, func(l loose) bool { return l.at == i }) // it is read back as it is
		return begun || r.Err == nil || r.Uncertain || r.Record != nil || !b.soon(b.patches[i].Ref.Key)
	})
	if len(todo) == 0 || b.stop != nil || ctx.Err() != nil {
		return
	}
	ids := make([]string, 0, len(todo))
	for _, i := range todo {
		ids = append(ids, b.patches[i].Ref.Key)
	}
	got, err := b.c.api.fetch(ctx, "read before writing", ids, b.c.wanted())
	if err != nil {
		return // each has its error already
	}
	for _, i := range todo {
		if b.stop != nil || ctx.Err() != nil {
			return
		}
		is := got[b.patches[i].Ref.Key]
		if is == nil {
			continue
		}
		b.current[is.ID] = is
		b.out[i].Err = nil
		b.apply(ctx, i)
	}
}

// soon reports that writes to an issue have to wait no longer than a call may.
func (b *batch) soon(id string) bool {
	return b.c.gate.issueLeft(id) <= b.c.o.InlineWait
}

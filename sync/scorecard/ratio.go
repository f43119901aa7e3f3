package scorecard

import "fmt"

// Ratio is a part of a whole. It is kept as two numbers: a figure that people are to trust is one that they can count.
type Ratio struct {
	Part  int `json:"part"`
	Whole int `json:"whole"`
}

// Known reports whether there is anything to divide by.
func (r Ratio) Known() bool { return r.Whole > 0 }

// Value is part ÷ whole; 0 where it is not known.
func (r Ratio) Value() float64 {
	if r.Whole <= 0 {
		return 0
	}
	return float64(r.Part) / float64(r.Whole)
}

// below reports whether the ratio is known and below a threshold.
func (r Ratio) below(threshold float64) bool { return r.Known() && r.Value() < threshold }

// String is "3 of 4".
func (r Ratio) String() string { return fmt.Sprintf("%d of %d", r.Part, r.Whole) }

// Decimal is "0.75", rounded down so that what is below a threshold never reads as if it reached it; "–" where it is not known.
func (r Ratio) Decimal() string {
	if !r.Known() {
		return "–"
	}
	hundredths := 100 * r.Part / r.Whole
	return fmt.Sprintf("%d.%02d", hundredths/100, hundredths%100)
}

// Percent is "75 %", rounded down; "–" where it is not known.
func (r Ratio) Percent() string {
	if !r.Known() {
		return "–"
	}
	return fmt.Sprintf("%d %%", 100*r.Part/r.Whole)
}

func (r Ratio) plus(o Ratio) Ratio { return Ratio{r.Part + o.Part, r.Whole + o.Whole} }

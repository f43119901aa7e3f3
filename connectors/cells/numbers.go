package cells

import (
	"strconv"
	"strings"
)

// ParseNumber reads a number that was typed as text: "50 %", "1 234,5", "1,234.5".
func ParseNumber(s string, comma bool) (float64, bool) {
	s = strings.Join(strings.FieldsFunc(FoldHeader(s), func(r rune) bool {
		return r == ' ' || r == 0xA0 || r == 0x202F || r == '\''
	}), "")
	digits, percent := strings.CutSuffix(s, "%")
	dot, com := strings.LastIndexByte(digits, '.'), strings.LastIndexByte(digits, ',')
	switch {
	case dot >= 0 && com > dot, com >= 0 && dot < 0 && (comma || !grouped(digits, ",")):
		digits = strings.ReplaceAll(strings.ReplaceAll(digits, ".", ""), ",", ".")
	case dot >= 0 && com < 0 && comma && grouped(digits, "."):
		digits = strings.ReplaceAll(digits, ".", "")
	default:
		digits = strings.ReplaceAll(digits, ",", "")
	}
	if digits == "" || strings.Trim(digits, "0123456789.+-") != "" {
		return 0, false // ParseFloat would also take Inf, NaN and hexadecimal
	}
	n, err := strconv.ParseFloat(digits, 64)
	if err != nil {
		return 0, false
	}
	if percent {
		// Rounded, so that 7% is 0.07 and not 0.07000000000000001.
		n, err = strconv.ParseFloat(strconv.FormatFloat(n/100, 'g', 14, 64), 64)
	}
	return n, err == nil
}

// grouped reports that the sign stands before every third digit from the end: 12,345,678.
func grouped(s, sep string) bool {
	parts := strings.Split(strings.TrimLeft(s, "+-"), sep)
	if parts[0] == "" || len(parts[0]) > 3 || parts[0] == "0" {
		return false
	}
	for _, p := range parts[1:] {
		if len(p) != 3 {
			return false
		}
	}
	return true
}

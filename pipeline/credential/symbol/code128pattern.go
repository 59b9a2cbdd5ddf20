package symbol

// Values of Code 128 that are no data (ISO/IEC 15417, table 1).
const (
	c128Shift  = 98 // the next character is of the other set, A or B
	c128CodeC  = 99
	c128CodeB  = 100 // FNC4 in set B
	c128CodeA  = 101 // FNC4 in set A
	c128FNC1   = 102
	c128StartA = 103
	c128StartC = 105
	c128Stop   = 106
	c128Check  = 103 // modulus of the check character
)

// c128Widths are the widths of three bars and three spaces of each value, in modules; 11 together. The stop pattern has
// one more bar of 2.
var c128Widths = [...]string{
	"212222", "222122", "222221", "121223", "121322", "131222", "122213", "122312", "132212", "221213",
	"221312", "231212", "112232", "122132", "122231", "113222", "123122", "123221", "223211", "221132",
	"221231", "213212", "223112", "312131", "311222", "321122", "321221", "312212", "322112", "322211",
	"212123", "212321", "232121", "111323", "131123", "131321", "112313", "132113", "132311", "211313",
	"231113", "231311", "112133", "112331", "132131", "113123", "113321", "133121", "313121", "211331",
	"231131", "213113", "213311", "213131", "311123", "311321", "331121", "312113", "312311", "332111",
	"314111", "221411", "431111", "111224", "111422", "121124", "121421", "141122", "141221", "112214",
	"112412", "122114", "122411", "142112", "142211", "241211", "221114", "413111", "241112", "134111",
	"111242", "121142", "121241", "114212", "124112", "124211", "411212", "421112", "421211", "212141",
	"214121", "412121", "111143", "111341", "131141", "114113", "114311", "411113", "411311", "113141",
	"114131", "311141", "411131", "211412", "211214", "211232", "233111",
}

// c128Edges are where the five inner edges of each value lie, in modules from its first edge.
var c128Edges = func() (edges [len(c128Widths)][5]float32) {
	for v, widths := range c128Widths {
		at := float32(0)
		for k := range edges[v] {
			at += float32(widths[k] - '0')
			edges[v][k] = at
		}
	}
	return edges
}()

// c128Text turns values, from the start character to the one before the check character, into text. FNC1 is left out.
// Other functions, and characters beyond ASCII, are not read: ok is false.
func c128Text(values []byte, text []byte) (_ []byte, ok bool) {
	set := values[0]
	shift := false
	for _, v := range values[1:] {
		now := set
		if shift {
			now, shift = c128StartA+(c128StartA+1-set), false
		}
		switch {
		case v == c128FNC1:
		case now == c128StartC && v < 100:
			text = append(text, '0'+v/10, '0'+v%10)
		case now == c128StartC && v == c128CodeB, now == c128StartA && v == c128CodeB:
			set = c128StartA + 1
		case now == c128StartC && v == c128CodeA, now == c128StartA+1 && v == c128CodeA:
			set = c128StartA
		case now == c128StartC: // nothing else is in set C
			return nil, false
		case v == c128CodeC:
			set = c128StartC
		case v == c128Shift:
			shift = true
		case v < 64:
			text = append(text, ' '+v)
		case v < 96 && now == c128StartA:
			text = append(text, v-64)
		case v < 96:
			text = append(text, ' '+v)
		default: // FNC2, FNC3, FNC4
			return nil, false
		}
	}
	return text, !shift && len(text) > 0
}

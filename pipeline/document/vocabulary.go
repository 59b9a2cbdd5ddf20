package document

import (
	"slices"
	"strings"

	"umbral/pipeline/document/idnumber"
)

// sexes are the words that cards print as sex.
var sexes = []string{"男", "女"}

// ethnicities are the names that cards print: the 56 recognised ones of GB/T 3304-1991, and 崩龙, the name of the 德昂
// until 1985.
var ethnicities = []string{
	"汉", "蒙古", "回", "藏", "维吾尔", "苗", "彝", "壮", "布依", "朝鲜", "满", "侗", "瑶", "白", "土家", "哈尼", "哈萨克",
	"傣", "黎", "傈僳", "佤", "畲", "高山", "拉祜", "水", "东乡", "纳西", "景颇", "柯尔克孜", "土", "达斡尔", "仫佬", "羌",
	"布朗", "撒拉", "毛南", "仡佬", "锡伯", "阿昌", "普米", "塔吉克", "怒", "乌孜别克", "俄罗斯", "鄂温克", "德昂", "保安",
	"裕固", "京", "塔塔尔", "独龙", "鄂伦春", "赫哲", "门巴", "珞巴", "基诺", "崩龙",
}

// sexOf returns the sex as cards print it that a number's holder has.
func sexOf(n *idnumber.Number) string {
	if n.Male() {
		return sexes[0]
	}
	return sexes[1]
}

// authorityEndings are how the names of issuing authorities end: cards are issued by the public security bureau of a county
// or a branch of a city's (Law on Resident Identity Cards, article 6).
var authorityEndings = []string{"公安局", "分局", "公安处"}

// isAuthority reports whether a text ends as the name of an authority does.
func isAuthority(text string) bool {
	return slices.ContainsFunc(authorityEndings, func(end string) bool { return strings.HasSuffix(text, end) })
}

// commonPlaces are characters and words within the names of regions and authorities that tell no region from another.
var commonPlaces = strings.NewReplacer("公安", " ", "分局", " ", "开发", " ", "经济", " ", "技术", " ", "高新", " ", "自治", " ",
	"省", " ", "市", " ", "县", " ", "区", " ", "州", " ", "旗", " ", "盟", " ", "局", " ", "处", " ")

// sharesPlace reports whether two neighbouring characters of the place in an authority's name are among others. It is true
// where the name has no such characters.
func sharesPlace(authority, others string) bool {
	pairs := 0
	for _, word := range strings.Fields(commonPlaces.Replace(authority)) {
		letters := []rune(word)
		for i := range len(letters) - 1 {
			if pairs++; strings.Contains(others, string(letters[i:i+2])) {
				return true
			}
		}
	}
	return pairs == 0
}

// provinceNames are the names of provinces as addresses begin with them, and the short ones of regions whose names are long.
var provinceNames = append(idnumber.Provinces(), "内蒙古", "广西", "西藏", "宁夏", "新疆")

// provinceOf returns the full name of the province that an address begins with, or "" where it begins with none.
func provinceOf(address string) string {
	for _, name := range provinceNames {
		if strings.HasPrefix(address, name) {
			for _, full := range idnumber.Provinces() {
				if strings.HasPrefix(full, name) {
					return full
				}
			}
		}
	}
	return ""
}

// almostProvince reports whether an address begins like one with its province, which is none that exists.
func almostProvince(address string) bool {
	if provinceOf(address) != "" {
		return false
	}
	text := []rune(address)
	begin := func(n int) string { return string(text[:min(n, len(text))]) }
	// The longest are 黑龙江省 and 新疆维吾尔自治区.
	name, _, found := strings.Cut(begin(4), "省")
	return found && !strings.ContainsAny(name, "市县区州") || strings.Contains(begin(8), "自治区")
}

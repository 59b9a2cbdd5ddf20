package idnumber

// Permit describes the residence permit of people from Hong Kong, Macao or Taiwan, which bears a citizen number with a region
// code of its own (Measures for the Application for and Issuance of Residence Permits for Hong Kong, Macao and Taiwan
// Residents, General Office of the State Council, 2018 no. 81, in force since 2018-09-01; articles 3 and 4).
type Permit struct {
	Code string // the six digits that the number begins with
	Name string
}

const (
	// PermitYears is a permit's term in years, whatever the holder's age.
	PermitYears = 5
	// PermitSince is the year in which the first permits were issued.
	PermitSince = 2018
)

var permits = []Permit{{"810000", "香港特别行政区"}, {"820000", "澳门特别行政区"}, {"830000", "台湾省"}}

// PermitOf returns the permit whose numbers begin with a region code, and reports whether there is one.
func PermitOf(region string) (Permit, bool) {
	for _, p := range permits {
		if p.Code == region {
			return p, true
		}
	}
	return Permit{}, false
}

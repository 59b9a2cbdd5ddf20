package idnumber_test

import (
	"fmt"

	"umbral/pipeline/document/idnumber"
)

// The number is the example of GB 11643-1999.
func ExampleParse() {
	const text = "11010519491231002X"
	n, err := idnumber.Parse(text)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(idnumber.Province(n.Region), n.Birth, n.Male())
	fmt.Println(idnumber.CheckDigit(text[:17]) == n.Check)
	// Output:
	// 北京市 1949-12-31 false
	// true
}

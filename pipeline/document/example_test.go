package document_test

import (
	"fmt"

	"umbral/pipeline/document"
)

// A card is read as printed; Validate then says what is wrong with it. The number's last digit is not its check digit, and the
// term is twenty years for somebody of twenty-five.
func ExampleValidate() {
	field := func(text string) document.Field { return document.Field{Text: text, Confidence: 0.95} }
	front := &document.Reading{
		Side: document.Front, Name: field("测试员"), Sex: field("女"), Ethnicity: field("汉"), Birth: field("1990年3月7日"),
		Address: field("北京市朝阳区样例路1号"), Number: field("110105199003071020"),
	}
	back := &document.Reading{Side: document.Back, Authority: field("北京市公安局朝阳分局"), Validity: field("2015.05.06-2035.05.06")}
	for _, p := range document.Validate(front, back, document.Rules{Sure: document.DefaultSure}) {
		fmt.Println(p, p.Doubt(), p.Text())
	}
	// Output:
	// card-number-check-digit false The check digit of the citizen number is wrong.
	// card-term-contradicts-age false The card's term is not the one that the law gives at the holder's age.
}

package finger_test

import (
	"fmt"
	"log"

	"umbral/pipeline/finger"
)

// A template of another system, as an ISO/IEC 19794-2 record, goes in and out. Real ones have some forty minutiae.
func ExampleDecodeISO() {
	position, err := finger.ParsePosition("right-index")
	if err != nil {
		log.Fatal(err)
	}
	record, err := finger.EncodeISO(&finger.Template{
		Width: 256, Height: 288, Quality: 80, Position: position,
		Minutiae: []finger.Minutia{{X: 100, Y: 120}, {X: 140, Y: 90}},
	})
	if err != nil {
		log.Fatal(err)
	}
	views, err := finger.DecodeISO(record)
	if err != nil {
		log.Fatal(err)
	}
	for _, v := range views {
		fmt.Println(finger.PositionName(v.Position), v.Width, v.Height, len(v.Minutiae), "minutiae")
	}
	// Output: right-index 256 288 2 minutiae
}

package vision_test

import (
	"bytes"
	"fmt"
	"log"

	"umbral/pipeline/vision"
)

// A camera's frames are decoded into one picture that is used again, so that a frame costs no allocation.
func ExampleDecoder() {
	decoder := vision.NewDecoder(640, 480)
	frame := vision.Frame{Format: vision.YUYV, Width: 4, Height: 2, Data: bytes.Repeat([]byte{235, 128, 16, 128}, 4)}
	var picture vision.Image
	if err := decoder.Decode(&picture, frame); err != nil {
		log.Fatal(err)
	}
	fmt.Println(picture.Width, picture.Height, picture.Row(0))
	// Output: 4 2 [255 255 255 0 0 0 255 255 255 0 0 0]
}

// A photograph is read whatever of the usual kinds it is of; what cannot be read is named, with what to do.
func ExampleReadPicture() {
	var file bytes.Buffer
	if err := vision.WriteJPEG(&file, vision.NewImage(64, 48), 90); err != nil {
		log.Fatal(err)
	}
	picture, err := vision.ReadPicture(&file, vision.DefaultPictureLimits())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(picture.Width, picture.Height)
	_, err = vision.ReadPicture(bytes.NewReader([]byte("%PDF-1.7")), vision.DefaultPictureLimits())
	fmt.Println(err)
	// Output:
	// 64 48
	// vision: a PDF file can't be read: export the photograph itself as JPEG, or make a screenshot of it
}

// A region of a picture becomes the input of a model in one step.
func ExampleResizeTensor() {
	picture := vision.NewImage(8, 8)
	for i := range picture.Pix {
		picture.Pix[i] = 200
	}
	tensor := make([]float32, 2*2)
	norm := vision.Norm{Order: vision.GreyLuma, Mean: [3]float32{100}, Scale: [3]float32{0.01}}
	vision.ResizeTensor(tensor, 2, 2, picture, vision.Rect{X0: 2, Y0: 2, X1: 6, Y1: 6}, norm)
	fmt.Printf("%.2f\n", tensor)
	// Output: [1.00 1.00 1.00 1.00]
}

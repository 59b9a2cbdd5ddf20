package face_test

import (
	"fmt"
	"log"
	"os"
	"time"

	"umbral/pipeline/face"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// Two people are told apart over the frames of a camera, though one of them is not seen in each.
func ExampleTracker() {
	tracker, err := face.NewTracker(face.DefaultTrackerOpts())
	if err != nil {
		log.Fatal(err)
	}
	at := func(x float32) face.Detection {
		return face.Detection{Box: vision.Rect{X0: x, Y0: 100, X1: x + 120, Y1: 250}, Score: 0.99}
	}
	frames := [][]face.Detection{{at(50), at(400)}, {at(55)}, {at(60), at(405)}}
	now := time.Date(2026, 1, 1, 8, 0, 0, 0, time.UTC)
	for _, faces := range frames {
		for _, track := range tracker.Update(now, faces) {
			fmt.Printf("person %d seen %v\n", track.ID, track.Seen())
		}
		now = now.Add(100 * time.Millisecond)
	}
	// Output:
	// person 1 seen true
	// person 2 seen true
	// person 1 seen true
	// person 2 seen false
	// person 1 seen true
	// person 2 seen true
}

// What is wrong with a face depends on what it is for.
func ExampleQuality_Judge() {
	measured := face.Quality{
		Size: 110, Share: 0.8, Sharpness: 90, Misfit: 0.05, Open: 0.3, Score: 0.99,
		Light: vision.Light{Mean: 120}, Pose: face.Pose{Yaw: 4},
	}
	for name, limits := range map[string]face.Limits{"gate": face.DefaultLimits(), "desk": face.PhotographLimits()} {
		judged := measured.Judge(limits)
		fmt.Println(name, judged.Usable(), judged.Problems())
	}
	// Unordered output:
	// gate false [too_close]
	// desk true []
}

// A photograph is enrolled from wherever the models are (see "make models").
func ExampleAnalyzer_Portrait() {
	set, err := models.Load("models", models.Default(), models.FaceRoles()...)
	if err != nil {
		log.Fatal(err)
	}
	analyzer, err := face.New(set, face.DefaultOpts())
	if err != nil {
		log.Fatal(err)
	}
	file, err := os.Open("ana.jpg")
	if err != nil {
		log.Fatal(err)
	}
	defer file.Close()
	picture, err := vision.ReadPicture(file, vision.DefaultPictureLimits())
	if err != nil {
		log.Fatal(err)
	}
	portrait, err := analyzer.Portrait(picture, 0)
	if err != nil {
		log.Fatal(err) // a face.Refusal says what to do about the photograph
	}
	fmt.Println("turned by", 90*portrait.Turn, "degrees, quality", portrait.Quality.Value)
}

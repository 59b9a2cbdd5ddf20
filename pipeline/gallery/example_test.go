package gallery_test

import (
	"fmt"
	"log"

	"umbral/pipeline/gallery"
)

// Templates of two numbers instead of 512 show the idea: the nearest reference, and the nearest of somebody else.
func ExampleGallery_Search() {
	g := gallery.NewOf(1000, 2)
	for _, r := range []struct {
		id       string
		template []float32
	}{{"ana", []float32{1, 0}}, {"bo", []float32{0, 1}}} {
		if err := g.Add(r.id, r.template); err != nil {
			log.Fatal(err)
		}
	}
	found, err := g.Search([]float32{0.96, 0.28})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s %.2f, then %s %.2f\n", found.Best.ID, found.Best.Score, found.Second.ID, found.Second.Score)
	// Output: ana 0.96, then bo 0.28
}

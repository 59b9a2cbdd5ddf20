// Package models says which model files a terminal runs, what goes into them and comes out of them, and which scores
// count as a match.
//
// All of it is data. Default is the set that Umbral was measured with; LoadManifest reads another one from TOML or JSON,
// so that an integrator can exchange a model without touching code. Load compares every file with its SHA-256 before
// anything of it is parsed, and a Set reads each file once more when it is compiled and compares it again: what runs is
// what was checked.
package models

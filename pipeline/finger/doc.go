// Package finger turns pictures of fingerprints into templates and compares templates.
//
// Extraction follows the literature: squared gradients give the direction of the ridges (Bazen and Gerez, IEEE PAMI 24,
// 2002), the profile across them their period, and a filter of that direction and period cleans them (Hong, Wan and Jain,
// IEEE PAMI 20, 1998); the ridges are thinned (Guo and Hall, CACM 32, 1989), and where the lines end or fork are the
// minutiae. A template holds the minutiae and the directions of the ridges.
//
// Comparison looks for pairs of minutiae with similar surroundings (Minutia Cylinder-Code: Cappelli, Ferrara and Maltoni,
// IEEE PAMI 32, 2010; directions on rings: Tico and Kuosmanen, IEEE PAMI 25, 2003), takes each as the start of an
// alignment, pairs further minutiae, improves the alignment, and weighs what agrees and what does not where both prints
// show the finger. Position and rotation do not matter.
//
// Everything is computed in whole numbers, so that templates and scores come out equal on every processor.
package finger

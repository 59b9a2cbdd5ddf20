// Package symbol reads QR codes and Code 128 bar codes out of the luma plane of camera frames, and writes them.
//
// QR codes are found and laid out by own code up to the grid of modules, and read by gozxing from there: bits,
// Reed-Solomon, text. gozxing runs under recover, and what it fails on counts as not read. Bar codes are read by own
// code: the edges along a line, in fractions of a pixel, are compared with the patterns of all values. A text comes out
// only when all its blocks passed Reed-Solomon (QR), or every character fits one pattern only, and the check character
// and a second line of the frame agree (Code 128); there is no reading by guess.
//
//	frame ── gate ──> nothing like a finder pattern: done, nothing allocated
//	           │
//	           ├─ where codes were seen in the last 30 frames: one strategy
//	           └─ whole frame, every SearchEvery-th: strategies in turn (scale, sharpness, threshold)
//	                 bitmap ──> finder patterns ──> triples ──> grid, fitted to the fixed patterns ──> gozxing
//
// # Limits of a frame
//
//	size                          32×32 to 4096×4096, configured; memory for it is taken once, about 3.3 bytes a pixel
//	symbols                       4; configurable 1 to 16
//	strategies                    2 of 6 a whole frame, 1 of 6 for each of 4 remembered places
//	finder patterns, triples      96, 24 for each strategy and polarity
//	grids given to gozxing        12 for each strategy
//	module                        from 2 pixels (1 pixel in pictures that can be doubled) to a tenth of the frame
//	bar codes                     2 to 80 characters of 0.9 pixels a module or more, ASCII, light for 3 modules at both
//	                              ends; 3 of 12 directions a frame, 12 lines of each read in 5 ways, others in one
package symbol

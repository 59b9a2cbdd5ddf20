// Package symbol reads QR codes and Code 128 bar codes out of the luma plane of camera frames, and writes them.
//
// The work is done by own code up to the grid of modules, and by gozxing from there: bits, Reed-Solomon, text. A text comes
// out only when all its blocks passed Reed-Solomon (QR), or its check character and a second line of the frame agree
// (Code 128); there is no reading by guess. gozxing runs under recover, and what it fails on counts as not read.
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
//	bar codes                     up to 48 characters of 12 pixels a module; 3 of 12 directions, 12 lines of each given to gozxing
package symbol

// Package liveness detects presentation attacks: a photograph, a screen or a mask in place of a living face.
//
// Passive scores a single picture. Vote gathers the scores of one person over several frames and decides, since attacks
// with a good mean give themselves away in single frames. How good a decision is, is told by two rates (ISO/IEC 30107-3):
// APCER, the share of attacks of one kind that pass as living, and BPCER, the share of living persons that are taken for
// an attack. Raising a threshold lowers the first and raises the second.
//
// The model is known on printed photographs before a webcam (NUAA: APCER 0.04 %, BPCER 0.05 % for single frames), and its
// training may have seen them. Of six other stills of attacks two pass. Screens and masks are hardly tested: where they
// matter, a policy should ask for the read-aloud challenge as well.
package liveness

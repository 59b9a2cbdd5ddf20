// Package idnumber knows the citizen numbers of GB 11643: eighteen characters made of a region code of GB/T 2260, a birth
// date, a sequence number whose parity is the sex, and a check digit of ISO 7064 MOD 11-2.
//
// Parse checks the form alone. A number whose check digit is wrong or whose date no calendar has is still a number that
// is printed on some card, so the caller decides what each fault means.
package idnumber

package rules

import "umbral/config/policy"

// FingerRequired reports whether nobody can pass without a finger.
func FingerRequired(rule policy.Policy) bool {
	for _, way := range rule.Alternatives() {
		if !way.Evidence.Has(policy.Finger) {
			return false
		}
	}
	return true
}

// FingersAreSearched reports whether a way of the policy leaves it to the finger to say who somebody is.
func FingersAreSearched(rule policy.Policy) bool {
	for _, way := range rule.Alternatives() {
		if fingerNames(way.Evidence) {
			return true
		}
	}
	return false
}

// fingerNames says whether the finger has to tell who the person is, since nothing before it does.
func fingerNames(way policy.Set) bool {
	before := policy.Set(0).With(policy.Face).With(policy.Credential).With(policy.Card)
	return way.Has(policy.Finger) && way&before == 0
}

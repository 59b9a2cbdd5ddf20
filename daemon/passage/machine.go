package passage

// Machine is the gate's decision. It is not safe for concurrent use.
type Machine struct {
	rules   Rules
	effects []Effect
}

// New makes a machine that names its passages from first on. The clock is unknown and the camera lost until observed
// otherwise.
func New(rules Rules, first ID) (*Machine, error) {
	if err := rules.Check(); err != nil {
		return nil, err
	}
	return &Machine{rules: rules}, nil
}

// Step takes one observation and returns what has to be done, in that order. The slice and what it refers to are valid
// until the next Step. An instant before the last one counts as the last one.
func (m *Machine) Step(now Instant, o Observation) []Effect { return m.effects }

// Wants says what is still worth computing for a face of the next frame: what is not wanted would not change the verdict.
func (m *Machine) Wants(f *Face) Wants { return Wants{} }

// Screen is what the screen shows now.
func (m *Machine) Screen() Screen { return Screen{} }

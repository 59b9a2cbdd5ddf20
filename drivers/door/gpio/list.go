package gpio

// ChipState is a GPIO chip and what its lines are used for.
type ChipState struct {
	Path, Label string
	Lines       []LineState
	Err         error // why it could not be read
}

// LineState is one line of a chip.
type LineState struct {
	Name     string
	Consumer string // who holds it; empty while nobody does
}

// List reads all chips. It asks and requests nothing, so no line moves.
func List() []ChipState { return listOf(linux{"/dev"}) }

func listOf(k Kernel) (all []ChipState) {
	for _, path := range k.Chips() {
		s := ChipState{Path: path}
		s.Err = s.read(k)
		all = append(all, s)
	}
	return all
}

func (s *ChipState) read(k Kernel) error {
	c, err := k.Open(s.Path)
	if err != nil {
		return err
	}
	defer c.Close()
	info, err := c.Info()
	if err != nil {
		return err
	}
	s.Label = text(info.Label)
	for i := range info.Lines {
		l, err := c.Line(i)
		if err != nil {
			return err
		}
		state := LineState{Name: text(l.Name)}
		if l.Flags&flagUsed != 0 {
			if state.Consumer = text(l.Consumer); state.Consumer == "" {
				state.Consumer = "somebody"
			}
		}
		s.Lines = append(s.Lines, state)
	}
	return nil
}

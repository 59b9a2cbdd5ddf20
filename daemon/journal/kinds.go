package journal

// Kinds of journal entries that the terminal itself writes, beside those of passage and store.
const (
	EntryStart          = "start"           // the program started
	EntryStop           = "stop"            // and was told to stop
	EntryCommandRefused = "command-refused" // a command was not carried out
	EntryCommandStatus  = "command-status"  // somebody asked how the terminal is
	EntryEnrol          = "enrol"           // somebody was enrolled
	EntryOutage         = "journal-outage"  // entries could not be written for a while
)

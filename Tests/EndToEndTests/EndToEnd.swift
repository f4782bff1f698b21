import Testing

/// The real binaries, killed and frozen. One test after the other: each wants the machine's two cores for itself.
@Suite(.serialized, QuietMachine()) enum EndToEnd {}

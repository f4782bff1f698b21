// `import Bus` is enough for those who publish, subscribe and work: the words of the protocol come with it, and what a
// run's logger understands.
@_exported public import BusProtocol
@_exported public import BusSigning
@_exported public import Logging

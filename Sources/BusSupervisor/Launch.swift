/// What a process is started with.
struct Launch: Sendable {
  /// The file that is run.
  var path: String
  /// What the program is told that it is called, and what follows.
  var arguments: [String]
  /// Its whole environment.
  var environment: [String: String]
  /// What it reads on its standard input; nothing when nil.
  var input: [UInt8]?
  /// How much it gives way to others.
  var niceness: Int32 = 0
  /// The sockets that it finds as its descriptors 3, 4 …
  var sockets: [ListenSocket] = []
  /// Whether it is told where to say that it is up.
  var isHeard = false

  /// One run of a program, without anything around it.
  init(_ definition: ProcessDefinition, environment: [String: String]) {
    path = definition.executable
    arguments = [definition.executable] + definition.arguments
    self.environment = environment
    niceness = definition.niceness
  }
}

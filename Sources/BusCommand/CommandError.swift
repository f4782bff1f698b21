internal import BusProtocol

/// Why a command did not do what was asked: what failed, where, what to do, under a stable code.
struct CommandError: Error, Equatable {
  /// The kind; its number is what `[BUS-E…]` shows.
  enum Code: String, CaseIterable {
    /// The command line does not parse.
    case usage = "BUS-E0001"
    /// Nobody answers at busd's address.
    case unreachable = "BUS-E0101"
    /// busd was there, but an answer did not come in time.
    case noAnswer = "BUS-E0102"
    /// What was waited for did not come in time.
    case timeUp = "BUS-E0105"
    /// busd said no.
    case refused = "BUS-E0103"
    /// The event is kept here, and busd has not confirmed it.
    case unconfirmed = "BUS-E0104"
    /// There is no such job, event or queue.
    case notFound = "BUS-E0201"
    /// More than one thing is meant.
    case ambiguous = "BUS-E0202"
    /// Data that is not what it has to be.
    case badData = "BUS-E0301"
    /// A topology that was refused.
    case badTopology = "BUS-E0302"
    /// A spool whose bytes are damaged.
    case damagedSpool = "BUS-E0303"
    /// No topology, a program that is not there, a setting that makes no sense.
    case configuration = "BUS-E0401"
    /// A process did not do what it was started for.
    case processFailed = "BUS-E0412"
    /// The system refused something.
    case system = "BUS-E0501"

    /// What the process exits with.
    var exitStatus: Int32 {
      switch self {
      case .usage, .ambiguous: 64
      case .unreachable, .noAnswer: 69
      case .refused, .processFailed, .system: 1
      case .unconfirmed: 75
      case .timeUp: 124
      case .notFound: 4
      case .badData, .badTopology, .damagedSpool: 65
      case .configuration: 78
      }
    }
  }

  /// The kind.
  var code: Code
  /// What failed, with the value.
  var message: String
  /// File, address, argument or process.
  var location: String
  /// What to do: best a command to paste.
  var help: String
  /// The text in question, and a caret below the fault.
  var excerpt: [String]

  init(_ code: Code, _ message: String, where location: String, help: String, excerpt: [String] = []) {
    self.code = code
    self.message = message
    self.location = location
    self.help = help
    self.excerpt = excerpt
  }

  /// The three parts as people read them, without control characters that a terminal would obey.
  var text: String {
    """
    error: \(Printable.text(([message] + excerpt.map { "  | \($0)" }).joined(separator: "\n")))
      where: \(Printable.text(location))
      help:  \(Printable.text(help))   [\(code.rawValue)]

    """
  }

  /// The same as one JSON object on one line.
  var json: JSONValue {
    [
      "error": .string(message), "where": .string(location), "help": .string(help), "code": .string(code.rawValue),
      "exit": code.exitStatus.jsonValue,
    ]
  }
}

internal import BusProtocol
internal import CProcess

/// What a supervisor leaves to the program that takes its place in the same process: which children it has, on which
/// descriptors it hears them, and who waits for what.
///
/// It travels as one JSON object in a file without a name, whose descriptor stands in ``variable``. Moments are written
/// as distances, in microseconds, from the one in which it was made. A format that is not ``format`` is refused, by the
/// check that comes before anything is given up.
public struct Handover: Sendable, Equatable {
  /// The variable of the environment that has the descriptor.
  public static let variable = BUS_TAKEOVER_VARIABLE
  /// The one that is written and read.
  static let format = 1

  /// The version of the program that made it, and that program's path.
  var version: String
  var program: String
  /// Processes of this stage and those before it are kept running; nil while none were started.
  var stage: Int?
  var crews: [Crew] = []
  var members: [Member] = []
  var descriptors = Descriptors()
  var sockets: [Socket] = []
  var lines: [Line] = []
  var followers: [Follower] = []

  /// A program of the supervisor.
  struct Crew: Sendable, Equatable {
    var name: String
    var configured: Int
    var wanted: Int
    var isQuiet: Bool
    var generation: Int
    var nextGeneration: Int
    var wasUp: Bool
    var isAlarmed = false
    /// The file of each generation.
    var files: [Int: String]
  }

  /// The place of a process.
  struct Member: Sendable, Equatable {
    var id: Int
    var crew: String
    var slot: Int
    var generation: Int
    var state: State
    /// How long ago it entered the state, its process was started, and was heard.
    var changedAge: Duration
    var startedAge: Duration
    var heardAge: Duration
    var isLeaving: Bool
    var isWorn: Bool
    var isLate = false
    var isLooping = false
    var failures: Int
    var restarts: Int
    var lastEnd: ProcessEnd?
    var status: String?
    var ageLimit: Duration?
    var memoryLimit: Int64?
    var jobLimit: Int?
    /// Its process; nil while it waits to be started again.
    var child: Child?
  }

  /// Where a place is in its life; one that is being started is not handed over.
  enum State: Sendable, Equatable {
    case running(age: Duration, isReady: Bool)
    case waiting(left: Duration)
    case ending(left: Duration?)
  }

  /// A process that runs.
  struct Child: Sendable, Equatable {
    var pid: Int32
    /// Where its output is read.
    var output: Int32
    /// Where it says how it is, and under which name.
    var service: Int32?
    var serviceName: String?
    /// What it wrote of a line that has no end yet.
    var rest: [UInt8]
  }

  /// Descriptors of the supervisor itself.
  struct Descriptors: Sendable, Equatable {
    var control: Int32?
    var lock: Int32?
    var processGuard: Int32?
    var signalRead: Int32?
    var signalWrite: Int32?
    /// Who asked for it all.
    var asker: Int32?
  }

  /// A socket on which processes accept connections; of no program when all have it.
  struct Socket: Sendable, Equatable {
    var program: String?
    var name: String
    var descriptor: Int32
    /// As it was asked for, and as it is.
    var address: String?
    var place: String
    var file: UInt64?
  }

  /// A line that was written.
  struct Line: Sendable, Equatable {
    var process: String
    var text: String
  }

  /// Who reads the lines of a process, of all for nil.
  struct Follower: Sendable, Equatable {
    var descriptor: Int32
    var process: String?
  }

  /// All descriptors that the next program needs.
  var allDescriptors: [Int32] {
    let own = [
      descriptors.control, descriptors.lock, descriptors.processGuard, descriptors.signalRead,
      descriptors.signalWrite, descriptors.asker,
    ]
    let children = members.compactMap(\.child).flatMap { [$0.output, $0.service] }
    return (own + children).compactMap { $0 } + sockets.map(\.descriptor) + followers.map(\.descriptor)
  }

  /// Whether the programs that are to run now are those of which processes run; the error names one that is missing.
  public func check(_ definitions: [ProcessDefinition]) throws(SupervisorError) {
    for member in members where !definitions.contains(where: { $0.name == member.crew }) {
      throw SupervisorError(
        .takeoverFailed, "processes of \(member.crew) run, which the new program's configuration does not have",
        help: "end them first: bus scale \(member.crew)=0")
    }
  }
}

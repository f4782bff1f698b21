/// Something that a check of a topology against the binaries found.
public struct TopologyAdvice: Sendable, Equatable, CustomStringConvertible {
  /// How bad it is.
  public enum Level: String, Sendable, Comparable {
    /// Jobs would have nowhere to go, or a subscription would not run.
    case error
    /// It works, but something that was written has no effect.
    case warning
    /// Good to know.
    case info

    private var rank: Int {
      switch self {
      case .error: 0
      case .warning: 1
      case .info: 2
      }
    }

    /// The worst first.
    public static func < (left: Level, right: Level) -> Bool { left.rank < right.rank }
  }

  /// How bad it is.
  public var level: Level
  /// What in the file is meant; the engine's name where the file says nothing of it.
  public var position: SourcePosition
  /// What was found.
  public var problem: String
  /// What to do.
  public var help: String?

  /// Makes an advice.
  public init(_ level: Level, at position: SourcePosition, _ problem: String, help: String? = nil) {
    self.level = level
    self.position = position
    self.problem = problem
    self.help = help
  }

  /// Place, level and problem on one line, the help on the next.
  public var description: String {
    let place = position.description.isEmpty ? "" : "\(position): "
    let text = "\(place)\(level.rawValue): \(printable(problem))"
    return help.map { "\(text)\n   = help: \(printable($0))" } ?? text
  }
}

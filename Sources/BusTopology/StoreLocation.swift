/// Where the jobs are kept.
public enum StoreLocation: Sendable, Hashable, CustomStringConvertible {
  /// A SQLite file, made when it is not there.
  case sqlite(path: String)

  /// `sqlite:/var/lib/bus/jobs.db`.
  public var description: String {
    switch self {
    case .sqlite(let path): "sqlite:\(path)"
    }
  }

  init(parsing text: String) throws(WrongValue) {
    if text.hasPrefix("postgres") {
      throw WrongValue("must be sqlite:PATH: PostgreSQL is not known to this version")
    }
    let path = text.dropFirst("sqlite:".count)
    guard text.hasPrefix("sqlite:"), !path.isEmpty, path.utf8.allSatisfy({ $0 >= 32 && $0 != 127 }) else {
      throw WrongValue("must be sqlite:PATH")
    }
    self = .sqlite(path: String(path))
  }
}

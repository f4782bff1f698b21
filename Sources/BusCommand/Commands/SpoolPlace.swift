internal import ArgumentParser
internal import BusProtocol
internal import BusSpool

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// The spool that is meant when no busd is asked: a directory.
struct SpoolPlace: ParsableArguments {
  @Argument(help: "The directory of the segments; else 'spool' in the state directory.")
  var directory: String?

  /// Its path, when there is such a directory.
  func path() throws -> String {
    let path = directory ?? BusDirectories(environment: ProcessEnvironment.all, userID: getuid()).state + "/spool"
    var status = stat()
    guard stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR else {
      throw CommandError(
        .configuration, "there is no spool: no directory \(path)", where: path,
        help: "name its directory; a running busd tells it: bus spool stat")
    }
    // Without a slash at the end: another name is put behind it.
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }

  /// Runs the body; what the log says against it becomes an error of the command.
  static func reading<R>(_ path: String, help: String, _ body: () throws(SpoolError) -> R) throws -> R {
    do { return try body() } catch {
      let code: CommandError.Code =
        switch error.code {
        case .corrupt, .badRecord: .damagedSpool
        case .notFound: .configuration
        default: .system
        }
      throw CommandError(code, error.message, where: path, help: help)
    }
  }
}

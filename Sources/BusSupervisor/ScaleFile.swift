internal import BusProtocol

#if canImport(Glibc)
  internal import Glibc
#elseif canImport(Musl)
  internal import Musl
#else
  internal import Darwin
#endif

/// How many processes people wished for, over restarts of the supervisor: one JSON object in a file.
///
/// `{"account":{"configured":4,"wanted":6}}`: a wish counts as long as it is wished instead of the same number.
public struct ScaleFile: Sendable {
  /// A number instead of another.
  struct Wish: Equatable {
    var configured: Int
    var wanted: Int
  }

  /// The most that is read, in bytes.
  private static let maximumByteCount = 256 << 10

  private let path: String

  /// A file that is made when there is something to keep; its directory too.
  public init(path: String) { self.path = path }

  /// What is kept; nothing when there is no file or it cannot be read as one.
  func load() -> [String: Wish] {
    let file = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard file >= 0 else { return [:] }
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: ScaleFile.maximumByteCount)
    let count = read(file, &bytes, bytes.count)
    guard count > 0, case .object(let object)? = try? JSONParser.parse(Array(bytes[..<count])) else { return [:] }
    var wishes: [String: Wish] = [:]
    for member in object.members {
      guard let configured = member.value["configured"].flatMap(Int.init(jsonValue:)),
        let wanted = member.value["wanted"].flatMap(Int.init(jsonValue:)), (0...1000).contains(wanted)
      else { continue }
      wishes[member.key] = Wish(configured: configured, wanted: wanted)
    }
    return wishes
  }

  /// Keeps exactly these: written beside, then put in place.
  func save(_ wishes: [String: Wish]) throws(SupervisorError) {
    var object = JSONObject()
    for (name, wish) in wishes.sorted(by: { $0.key < $1.key }) {
      object.set(name, ["configured": wish.configured.jsonValue, "wanted": wish.wanted.jsonValue] as JSONValue)
    }
    let bytes = JSONValue.object(object).bytes + [UInt8(ascii: "\n")]
    let directory = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
    do { try PrivateDirectory.make(directory) } catch {
      throw SupervisorError(.system, error.message, help: error.help)
    }
    let next = "\(path).next"
    let file = open(next, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard file >= 0 else { throw refusal() }
    let isWritten = write(file, bytes, bytes.count) == bytes.count && fsync(file) == 0
    guard close(file) == 0, isWritten, rename(next, path) == 0 else { throw refusal() }
  }

  private func refusal() -> SupervisorError {
    SupervisorError(
      .system, "the number of processes cannot be kept in \(path): \(String(cString: strerror(errno)).lowercased())",
      help: "it holds until the supervisor ends; check the directory and its space")
  }
}

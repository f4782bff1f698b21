/// Where a value stands that is not shown: `data.email`, `data.items.card`, `context.*`, `inputs.address`.
///
/// A step through a list goes to each of its elements; `*` is any member.
public struct RedactedPath: Hashable, Sendable, CustomStringConvertible {
  /// What a path begins with.
  public enum Root: String, Hashable, Sendable, CaseIterable {
    /// The data of an event.
    case data
    /// What travels along with an event, and into its jobs.
    case context
    /// The inputs of a job.
    case inputs
  }

  /// The longest path, in bytes.
  public static let maximumByteCount = 200

  /// Where it begins.
  public let root: Root
  /// The names on the way; none for all of it.
  let steps: [String]

  /// Reads `data.email`; nil for what is no path.
  public init?(_ text: String) {
    guard text.utf8.count <= RedactedPath.maximumByteCount else { return nil }
    let parts = text.split(separator: ".", omittingEmptySubsequences: false).map(String.init)
    guard let root = Root(rawValue: parts[0]), parts.allSatisfy({ !$0.isEmpty }) else { return nil }
    self.root = root
    steps = Array(parts.dropFirst())
  }

  /// The path as written.
  public var description: String { ([root.rawValue] + steps).joined(separator: ".") }

  /// Puts ``Redaction/mark`` where the path leads, and gathers what stood there.
  func hide(in value: JSONValue, gathering hidden: inout Set<String>) -> JSONValue {
    RedactedPath.hide(value, steps[...], &hidden)
  }

  private static func hide(_ value: JSONValue, _ steps: ArraySlice<String>, _ hidden: inout Set<String>) -> JSONValue {
    guard let step = steps.first else {
      gather(value, &hidden)
      return value == .null ? .null : .string(Redaction.mark)
    }
    switch value {
    case .array(let values): return .array(values.map { hide($0, steps, &hidden) })
    case .object(var object):
      for index in object.members.indices where step == "*" || object.members[index].key == step {
        object.members[index].value = hide(object.members[index].value, steps.dropFirst(), &hidden)
      }
      return .object(object)
    default: return value
    }
  }

  /// What is shorter than four characters stands in any text by chance.
  private static func gather(_ value: JSONValue, _ hidden: inout Set<String>) {
    switch value {
    case .array(let values): for value in values { gather(value, &hidden) }
    case .object(let object): for member in object.members { gather(member.value, &hidden) }
    case .string(let text): if text.utf8.count >= 4 { hidden.insert(text) }
    case .integer, .unsigned, .double: if value.text.utf8.count >= 4 { hidden.insert(value.text) }
    case .null, .bool: break
    }
  }
}

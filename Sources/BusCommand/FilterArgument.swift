internal import BusProtocol

/// Reads a filter on the command line, or shows where it fails.
enum FilterArgument {
  /// The filter that says when an event is meant.
  static func events(_ text: String, option: String, now: Timestamp) throws(CommandError) -> BoundFilter {
    do { return try Filter(text).bound(to: .events, at: now) } catch { throw refusal(error, option) }
  }

  /// The text that busd is asked with, of the option and of the words behind the command; nil where there is neither.
  static func jobs(option: String?, words: [String], now: Timestamp) throws(CommandError) -> String? {
    var parts: [(text: String, origin: String)] = []
    if let option { parts.append((option, "--where")) }
    if !words.isEmpty { parts.append((words.joined(separator: " "), "the words of the filter")) }
    for part in parts {
      do { _ = try Filter(part.text).bound(to: .jobs, at: now) } catch { throw refusal(error, part.origin) }
    }
    guard parts.count > 1 else { return parts.first?.text }
    return parts.map { "(\($0.text))" }.joined(separator: " and ")
  }

  private static func refusal(_ error: FilterError, _ origin: String) -> CommandError {
    CommandError(
      .usage, error.problem, where: "\(origin), column \(error.column)", help: "\(error.help) (bus help filters)",
      excerpt: error.excerpt)
  }
}

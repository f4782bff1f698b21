/// What becomes of the inputs when a queue lock merges a wish into an equal job that waits.
///
/// The higher priority and the earlier time win under every policy.
public enum MergePolicy: String, Hashable, Sendable, CaseIterable {
  /// The first inputs stay: enough where they are ids, and the work looks the rest up.
  case keep
  /// The newest inputs win.
  case replace
  /// The members of the newer inputs are laid over those of the older ones, each as a whole.
  case merge

  /// The inputs of the job that does the work of both. Those that would be too long together are the newer ones alone.
  public func inputs(of older: JSONObject, with newer: JSONObject) -> JSONObject {
    switch self {
    case .keep: return older
    case .replace: return newer
    case .merge:
      let names = Set(newer.members.map(\.key))
      let both = JSONObject(older.members.filter { !names.contains($0.key) } + newer.members)
      return JSONWriter.byteCount(both) <= NewJob.maximumInputsByteCount ? both : newer
    }
  }
}

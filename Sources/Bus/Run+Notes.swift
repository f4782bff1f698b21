public import BusProtocol
internal import Logging

/// What a run says while it runs. It goes to busd in the background, gathered; nothing here waits.
extension Run {
  /// Says how far the run is: shown with the job, and told to who called it. The latest one counts.
  ///
  /// ```swift
  /// run.progress(3, of: 10, "reading")
  /// ```
  public func progress(_ done: Int, of total: Int? = nil, _ message: String? = nil) {
    notes.say(.progress(JobProgress(done, of: total, message)))
  }

  /// Writes a line that is kept with the job: `bus jobs tail JOB`. What ``logger`` writes at info and above is kept too.
  ///
  /// Of a line its first 8 KiB are kept, of a job its last 1000 lines.
  public func log(_ text: String, level: JobLine.Level = .info) { notes.say(.line(text, level)) }

  /// Sends a part of the answer to who called, ahead of the whole; it is kept among the job's lines.
  ///
  /// A run that is tried again sends its parts again. Throws when it is larger than 8 KiB as JSON.
  public func send(_ part: some Encodable) throws {
    let json = try JSONValueEncoder().encode(part)
    _ = try JobLine(part: json, at: Timestamp(microseconds: 0))
    notes.say(.part(json))
  }

  /// What a run made by hand has said, oldest first, at most the last 10,000. Of a run that busd gave it is empty: there
  /// it is kept with the job.
  public var updates: [RunUpdate] { notes.updates }
}

/// Writes where the engine's own logger does, and what is of interest to the job too.
struct RunLogHandler: LogHandler {
  private var base: any LogHandler
  private let notes: RunNotes

  init(_ base: any LogHandler, _ notes: RunNotes) {
    self.base = base
    self.notes = notes
  }

  var logLevel: Logger.Level {
    get { min(base.logLevel, .info) }
    set { base.logLevel = newValue }
  }
  var metadata: Logger.Metadata {
    get { base.metadata }
    set { base.metadata = newValue }
  }
  var metadataProvider: Logger.MetadataProvider? {
    get { base.metadataProvider }
    set { base.metadataProvider = newValue }
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { base[metadataKey: key] }
    set { base[metadataKey: key] = newValue }
  }

  func log(event: LogEvent) {
    if event.level >= base.logLevel { base.log(event: event) }
    guard event.level >= .info, let level = JobLine.Level(rawValue: event.level.rawValue) else { return }
    let details = (event.metadata ?? [:]).sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }
    notes.say(.line("\(event.message)\(details.joined())", level))
  }
}

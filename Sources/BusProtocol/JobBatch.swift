/// The jobs that one job waits for, or waited for: those of its batch, or the step before it.
public struct JobBatch: Hashable, Sendable {
  /// One of the jobs.
  public struct Member: Hashable, Sendable {
    /// Its place among all, from 0.
    public var place: Int
    /// The job that does the work: of a wish that was merged, the one that it became part of.
    public var job: JobID
    /// Where it is; of a job that is no longer kept, how it ended.
    public var state: JobState
    /// What its worker answered.
    public var result: JSONValue?
    /// What went wrong in its last failed run, or why it was taken out; nil for a job that is done.
    public var error: String?
    /// Whether it is waited for.
    public var isOpen: Bool

    /// One of the jobs.
    public init(
      place: Int, job: JobID, state: JobState, result: JSONValue? = nil, error: String? = nil, isOpen: Bool = false
    ) {
      self.place = place
      self.job = job
      self.state = state
      self.result = result
      self.error = error
      self.isOpen = isOpen
    }
  }

  /// The job that waits, by whose id the batch goes.
  public var then: JobID
  /// How many jobs there are.
  public var size: Int
  /// How many have not ended, or were not even asked for.
  public var open: Int
  /// Which step of a chain the one job is, from 1; nil for a batch.
  public var step: Int?
  /// The jobs in their order; in an answer of busd a part of them.
  public var jobs: [Member]
  /// Where the part that follows begins; nil when there is none.
  public var next: Int?

  /// What one job waits for.
  public init(
    then: JobID, size: Int, open: Int = 0, step: Int? = nil, jobs: [Member] = [], next: Int? = nil
  ) {
    self.then = then
    self.size = size
    self.open = open
    self.step = step
    self.jobs = jobs
    self.next = next
  }

  /// The batch as the wire carries it.
  public var json: JSONValue {
    var object: JSONObject = ["then": then.jsonValue, "size": size.jsonValue, "open": open.jsonValue]
    object.set("step", step)
    object["jobs"] = .array(jobs.map(\.json))
    object.set("next", next)
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("batch")
    then = try members.read("then")
    size = try members.read("size")
    open = try members.read("open")
    step = try members.optional("step")
    jobs = try members.list("jobs") { (json) throws(ProtocolError) in try Member(json: json) }
    next = try members.optional("next")
  }
}

extension JobBatch.Member {
  /// The member as the wire carries it.
  public var json: JSONValue {
    var object: JSONObject = [
      "place": place.jsonValue, "job": job.jsonValue, "state": .string(state.rawValue),
    ]
    if let result { object["result"] = result }
    object.set("error", error)
    if isOpen { object["open"] = true }
    return .object(object)
  }

  /// Reads what ``json`` wrote.
  public init(json: JSONValue) throws(ProtocolError) {
    let members = try json.members("job of a batch")
    place = try members.read("place")
    job = try members.read("job")
    guard let state = JobState(rawValue: try members.string("state")) else {
      throw ProtocolError(.badJSON, "a job of a batch is in a state of another version")
    }
    self.state = state
    result = members.optionalValue("result")
    error = try members.optional("error")
    isOpen = try members.optional("open") ?? false
  }
}

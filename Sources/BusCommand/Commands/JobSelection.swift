internal import ArgumentParser
internal import BusProtocol

/// The jobs that a command changes: some by their ids, or all that a filter passes.
struct JobSelection: ParsableArguments {
  @Argument(help: ArgumentHelp("The jobs' ids, or beginnings that only they have; else a filter.", valueName: "id"))
  var ids: [String] = []

  @OptionGroup var filters: JobFilterOptions

  @Flag(help: "All jobs, where no filter is meant.")
  var all = false

  @OptionGroup var bulk: BulkOptions

  func validate() throws {
    try BulkOptions.validate(ids: ids, isFiltered: isFiltered, all: all, example: "--state dead")
  }

  private var isFiltered: Bool {
    [
      filters.where, filters.state, filters.queue, filters.engine, filters.worker, filters.lock, filters.event,
      filters.since,
    ].contains { $0 != nil }
  }

  /// The jobs that are meant.
  func find(_ bus: Connection) async throws -> MeantJobs {
    guard ids.isEmpty else { return try await .named(ids, bus) }
    return try await .matching([try filters.parameters(now: SystemClock.now(), zone: SystemClock.zone)], bus)
  }
}

/// How a change of many jobs is done: nobody empties a queue by forgetting an option.
struct BulkOptions: ParsableArguments {
  @Flag(name: [.customShort("n"), .long], help: "Only say what would be changed.")
  var dryRun = false

  @Flag(name: [.customShort("y"), .long], help: "Do not ask before many are changed.")
  var yes = false

  /// That jobs are named in exactly one way.
  static func validate(ids: [String], isFiltered: Bool, all: Bool, example: String) throws {
    guard ids.isEmpty || !isFiltered && !all else {
      throw ValidationError("name jobs by their ids or by a filter, not both")
    }
    guard !ids.isEmpty || isFiltered || all else {
      throw ValidationError("say which jobs: ids, a filter such as \(example), or --all")
    }
  }
}

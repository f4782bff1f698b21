internal import GRDB

/// The statements of ``SQL``, prepared when the store is opened.
final class Statements {
  let begin, commit, rollback: SQLStatement
  let addQueue, saveTotals, saveToken: SQLStatement
  let insert, insertPlain, insertMany, insertLocked, recordMerge, mergeTarget, outcomeOfKnown, rowsFrom: SQLStatement
  let candidates, candidatesExcept, head, headExcept, waitingSince, lease, block: SQLStatement
  let ending, finish, live, liveUnderLease, setLife, wake, waitingUnderQueueLock, absorb: SQLStatement
  let liveByID, requestCancel, countRetry, reposition, remove: SQLStatement
  let addFailure, trimFailures, copyFailures, failures: SQLStatement
  let lockAhead, lockIsHeld, firstBlocked, blocked: SQLStatement
  let limitRunning, limitReady, lineHead, lineAhead, lineExists: SQLStatement
  let meter, saveMeter, lookEarlier, lookLater, metersToLookAt, nextLook, forgetMeter, saveGate: SQLStatement
  let due, nextDue, parkQueue, parkedByQueue, parkedByWorker: SQLStatement
  let pruneJobs, pruneFailures, pruneMerges: SQLStatement
  let declare, subscription, leaseSubscription, moveCursor, forgetSubscription, subscriptions,
    minimumCursor: SQLStatement
  let announce, withdraw, nextAnnouncement, announcements: SQLStatement
  let inputsBehind, jobInRow, job, jobsByID, jobsOfEvent, mergesOfEvent, holder, running, ahead,
    readyPlace: SQLStatement

  let holdBack, isHeldBack, origin: SQLStatement
  let schedules: ScheduleStatements
  let batches: BatchStatements
  let merging: MergeStatements
  let notes: NoteStatements
  let insight: InsightStatements
  let inbox: InboxStatements
  let leasing: LeaseStatements

  init(_ database: Database) throws {
    schedules = try ScheduleStatements(database)
    batches = try BatchStatements(database)
    merging = try MergeStatements(database)
    notes = try NoteStatements(database)
    insight = try InsightStatements(database)
    inbox = try InboxStatements(database)
    leasing = try LeaseStatements(database)
    func prepare(_ sql: String) throws -> SQLStatement { try SQLStatement(database, sql) }
    begin = try prepare("BEGIN IMMEDIATE")
    commit = try prepare("COMMIT")
    rollback = try prepare("ROLLBACK")
    addQueue = try prepare(SQL.addQueue)
    saveTotals = try prepare(SQL.saveTotals)
    saveToken = try prepare(SQL.saveToken)
    insert = try prepare(SQL.insert)
    insertPlain = try prepare(SQL.insertPlain)
    insertMany = try SQLStatement(database, SQL.insertMany, room: 1024 * SQL.rowsPerInsert)
    insertLocked = try prepare(SQL.insertLocked)
    recordMerge = try prepare(SQL.recordMerge)
    mergeTarget = try prepare(SQL.mergeTarget)
    outcomeOfKnown = try prepare(SQL.outcomeOfKnown)
    rowsFrom = try prepare(SQL.rowsFrom)
    candidates = try prepare(SQL.candidates)
    candidatesExcept = try prepare(SQL.candidatesExcept)
    head = try prepare(SQL.head)
    headExcept = try prepare(SQL.headExcept)
    waitingSince = try prepare(SQL.waitingSince)
    lease = try prepare(SQL.lease)
    block = try prepare(SQL.block)
    ending = try prepare(SQL.ending)
    finish = try prepare(SQL.finish)
    live = try prepare(SQL.live)
    liveUnderLease = try prepare(SQL.liveUnderLease)
    setLife = try prepare(SQL.setLife)
    wake = try prepare(SQL.wake)
    waitingUnderQueueLock = try prepare(SQL.waitingUnderQueueLock)
    absorb = try prepare(SQL.absorb)
    liveByID = try prepare(SQL.liveByID)
    requestCancel = try prepare(SQL.requestCancel)
    countRetry = try prepare(SQL.countRetry)
    reposition = try prepare(SQL.reposition)
    remove = try prepare(SQL.remove)
    addFailure = try prepare(SQL.addFailure)
    trimFailures = try prepare(SQL.trimFailures)
    copyFailures = try prepare(SQL.copyFailures)
    failures = try prepare(SQL.failures)
    lockIsHeld = try prepare(SQL.lockIsHeld)
    lockAhead = try prepare(SQL.lockAhead)
    firstBlocked = try prepare(SQL.firstBlocked)
    blocked = try prepare(SQL.blocked)
    limitRunning = try prepare(SQL.limitRunning)
    limitReady = try prepare(SQL.limitReady)
    lineHead = try prepare(SQL.lineHead)
    lineAhead = try prepare(SQL.lineAhead)
    lineExists = try prepare(SQL.lineExists)
    meter = try prepare(SQL.meter)
    saveMeter = try prepare(SQL.saveMeter)
    lookEarlier = try prepare(SQL.lookEarlier)
    lookLater = try prepare(SQL.lookLater)
    metersToLookAt = try prepare(SQL.metersToLookAt)
    nextLook = try prepare(SQL.nextLook)
    forgetMeter = try prepare(SQL.forgetMeter)
    saveGate = try prepare(SQL.saveGate)
    due = try prepare(SQL.due)
    nextDue = try prepare(SQL.nextDue)
    parkQueue = try prepare(SQL.parkQueue)
    parkedByQueue = try prepare(SQL.parkedByQueue)
    parkedByWorker = try prepare(SQL.parkedByWorker)
    pruneJobs = try prepare(SQL.pruneJobs)
    pruneFailures = try prepare(SQL.pruneFailures)
    pruneMerges = try prepare(SQL.pruneMerges)
    declare = try prepare(SQL.declare)
    subscription = try prepare(SQL.subscription)
    leaseSubscription = try prepare(SQL.leaseSubscription)
    moveCursor = try prepare(SQL.moveCursor)
    forgetSubscription = try prepare(SQL.forgetSubscription)
    subscriptions = try prepare(SQL.subscriptions)
    minimumCursor = try prepare(SQL.minimumCursor)
    announce = try prepare(SQL.announce)
    withdraw = try prepare(SQL.withdraw)
    nextAnnouncement = try prepare(SQL.nextAnnouncement)
    announcements = try prepare(SQL.announcements)
    job = try prepare(SQL.job)
    inputsBehind = try prepare(SQL.inputsBehind)
    jobInRow = try prepare(SQL.jobInRow)
    jobsByID = try prepare(SQL.jobsByID)
    jobsOfEvent = try prepare(SQL.jobsOfEvent)
    mergesOfEvent = try prepare(SQL.mergesOfEvent)
    holder = try prepare(SQL.holder)
    running = try prepare(SQL.running)
    readyPlace = try prepare(SQL.readyPlace)
    ahead = try prepare(SQL.ahead)
    holdBack = try prepare(SQL.holdBack)
    isHeldBack = try prepare(SQL.isHeldBack)
    origin = try prepare(SQL.origin)
  }
}

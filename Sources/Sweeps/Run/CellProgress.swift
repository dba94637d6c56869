import BenchCore
import Synchronization

/// Progress of one of several models that are worked on side by side, as part of the whole sweep's.
///
/// A model is `unitsPerCell` units of the sweep, a phase of it some of them, a stage a share of these.
final class CellProgress: ProgressReporter {
  static let unitsPerCell = 1000
  /// How many of them are training; the others are evaluation.
  static let unitsOfTraining = 800

  private struct State {
    /// Units of the sweep reported so far, and how far this phase may go.
    var reported = 0
    var phaseStart = 0
    var phaseEnd = 0
    /// Shares of the phase, of the stages to come, and of those that are over.
    var stages: [Double] = []
    var current = 0.0
    var before = 0.0
    var total = 0
    var done = 0
    var keepsNotes = true
  }

  private let sweep: any ProgressReporter
  private let name: String
  private let state = Mutex(State())

  init(_ sweep: any ProgressReporter, name: String) {
    self.sweep = sweep
    self.name = name
  }

  /// The next part of the model's units; what is left of the part before counts as done.
  /// - Parameters:
  ///   - stages: the shares of the stages that follow, which sum to 1. Stages beyond them do not count.
  ///   - keepsNotes: whether remarks are passed on.
  func beginPhase(budget: Int, stages: [Double], keepsNotes: Bool) throws {
    try report { state in
      state.phaseStart = state.phaseEnd
      state.phaseEnd += budget
      state.stages = stages
      state.keepsNotes = keepsNotes
      (state.before, state.current, state.total, state.done) = (0, 0, 0, 0)
      return state.phaseStart
    }
  }

  func endCell() throws { try report { _ in Self.unitsPerCell } }

  func begin(_ stage: String, total: Int) {
    state.withLock { state in
      state.before += state.current
      state.current = state.stages.isEmpty ? 0 : state.stages.removeFirst()
      (state.total, state.done) = (total, 0)
    }
  }

  func advance(by units: Int) throws {
    try report { state in
      state.done += units
      guard state.total > 0 else { return state.reported }
      let share = state.before + state.current * Double(min(state.done, state.total)) / Double(state.total)
      return state.phaseStart + Int(Double(state.phaseEnd - state.phaseStart) * min(1, share))
    }
  }

  func note(_ text: String) {
    if state.withLock({ $0.keepsNotes }) { sweep.note("\(name): \(text)") }
  }

  /// - Parameter reached: how many of the model's units are done; going back is not reported.
  private func report(_ reached: (inout State) -> Int) throws {
    let step = state.withLock { state in
      let step = max(0, reached(&state) - state.reported)
      state.reported += step
      return step
    }
    try sweep.advance(by: step)
  }
}

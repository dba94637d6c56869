import BenchCore
import Foundation
import Synchronization
import Text

/// Progress on standard error: a bar on a terminal, a line every tenth of a stage otherwise, none with `--quiet`. A log has the
/// lines in any case.
final class TerminalProgress: ProgressReporter {
  private struct Stage {
    var name = ""
    var total = 0
    var done = 0
    var shownTenth = -1
    var began = ContinuousClock.now
    var shown = ContinuousClock.now
  }

  private let isQuiet: Bool
  private let isTerminal: Bool
  private let stage = Mutex(Stage())

  init(quiet: Bool) {
    isQuiet = quiet
    isTerminal = isatty(STDERR_FILENO) == 1
  }

  func begin(_ name: String, total: Int) {
    stage.withLock { stage in
      finishLine(stage)
      stage = Stage(name: name, total: total)
      show(&stage)
    }
  }

  func advance(by units: Int) throws {
    try Interruption.check()
    guard units != 0 else { return }
    stage.withLock { stage in
      stage.done += units
      show(&stage)
    }
  }

  func note(_ text: String) {
    guard !isQuiet else { return LogFile.add(text) }
    stage.withLock { stage in
      if isTerminal { write(control: Self.clear, "") }
      CommandLineOutput.note(text)
    }
  }

  /// Leaves the terminal's cursor on an empty line.
  func end() {
    stage.withLock { stage in
      finishLine(stage)
      stage = Stage()
    }
  }

  private func show(_ stage: inout Stage) {
    guard stage.total > 0 else { return }
    let share = min(1, Double(stage.done) / Double(stage.total))
    let tenth = Int(share * 10)
    let isNewTenth = tenth > stage.shownTenth
    stage.shownTenth = max(tenth, stage.shownTenth)
    let line = "\(stage.name): \(tenth * 10) %\(timeLeft(stage, share))"
    if isNewTenth { LogFile.add(line) }
    guard !isQuiet else { return }
    if isTerminal {
      let now = ContinuousClock.now
      guard stage.done == 0 || stage.done >= stage.total || now - stage.shown > .milliseconds(100) else { return }
      stage.shown = now
      let width = 30
      let filled = Int(share * Double(width))
      let bar = String(repeating: "#", count: filled) + String(repeating: ".", count: width - filled)
      write(control: Self.clear, "\(padded(stage.name)) [\(bar)] \(Int(share * 100)) %\(timeLeft(stage, share))")
    } else if isNewTenth {
      write(line + "\n")
    }
  }

  private func timeLeft(_ stage: Stage, _ share: Double) -> String {
    let seconds = Double((ContinuousClock.now - stage.began).components.seconds)
    guard share > 0.05, share < 1, seconds >= 2 else { return "" }
    let left = Int(seconds / share * (1 - share))
    return left >= 90 ? ", \(left / 60) min left" : ", \(left) s left"
  }

  private func finishLine(_ stage: Stage) {
    if !isQuiet, isTerminal, stage.total > 0 { write(control: Self.clear, "") }
  }

  private func padded(_ name: String) -> String {
    name.padded(toColumns: 24)
  }

  /// To the line's beginning, and nothing on it.
  private static let clear = "\r\u{1B}[K"

  private func write(control: String = "", _ text: String) { CommandLineOutput.progress(text, control: control) }
}

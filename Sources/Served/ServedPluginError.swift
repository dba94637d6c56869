import BenchCore
import Foundation
import Tensor

/// What goes wrong with a program that serves a model.
package enum ServedPluginError: Error, Sendable, CustomStringConvertible {
  /// A description names a program, and the user has not allowed it.
  case notAllowed(description: String, command: [String], folder: String)
  case command(String, reason: String)
  case noProgram(file: String)
  /// Neither a checkpoint nor program files, so that a result would not say of what it is.
  case notIdentified(command: String)
  case programFile(String, reason: String)
  case cannotStart(command: String, folder: String, reason: String)
  case ended(PluginFailure, how: PluginEnding?)
  case timedOut(PluginFailure, limit: Duration, option: String)
  /// Standard output carries something else than frames.
  case strayOutput(PluginFailure, text: String)
  case frame(PluginFailure, problem: String)
  case announcement(PluginFailure, problem: String)
  case tensorShape(PluginFailure, expected: Shape, got: String)
  case nonFinite(PluginFailure, place: String, value: Float)
  /// The program's own words.
  case reported(PluginFailure, message: String)
  case system(PluginFailure, call: String, reason: String)
  case noGradients(program: String)
  /// What is said of an image hangs on more than the image.
  case dependent(program: String, PluginDependence)
  case imageShape(program: String, expected: Shape, got: Shape)
  case requestTooLarge(program: String, images: Int, shape: Shape)
  case preprocessing(program: String, problem: String)
  /// Of a score, in pixel units.
  case noise(program: String, got: Double, known: [Double])

  package var description: String {
    switch self {
    case .notAllowed(let description, let command, let folder):
      "\(description): wants to run the program `\(command.joined(separator: " "))` in \(folder), with all that you may do "
        + "on this machine; read it, then pass --allow-plugin"
    case .command(let text, let reason):
      "`\(text)`: \(reason); expected a program and its arguments, such as \"python3 serve.py {checkpoint}\""
    case .noProgram(let file):
      "\(file): no program is named that could serve it; pass --plugin CMD, or name one in a model.json under plugin.command"
    case .notIdentified(let command):
      "`\(command)`: nothing says which model this is, because there is neither a checkpoint nor a program file; "
        + "give the checkpoint, or name the program's files in a model.json under plugin.files"
    case .programFile(let path, let reason): "\(path): a file of the plugin \(reason); plugin.files lists them"
    case .cannotStart(let command, let folder, let reason):
      "`\(command)` cannot be started in \(folder): \(reason); is it installed and executable?"
    case .ended(let failure, let how):
      failure.text(
        how.map { "\($0)" } ?? "closed its standard output and goes on running",
        advice: "run the command by hand to see why")
    case .timedOut(let failure, let limit, let option):
      failure.text(
        "gave no answer within \(Self.seconds(limit))",
        advice: "where it only needs longer, pass \(option) SECONDS")
    case .strayOutput(let failure, let text):
      failure.text(
        "wrote \(text) to standard output, which carries the protocol's frames",
        advice: "print to standard error instead (docs/plugin-protocol.md)")
    case .frame(let failure, let problem):
      failure.text("answered with \(problem)", advice: "docs/plugin-protocol.md says what is expected")
    case .announcement(let failure, let problem):
      failure.text("announced \(problem)", advice: "docs/plugin-protocol.md says what is expected")
    case .tensorShape(let failure, let expected, let got):
      failure.text("answered with a tensor of shape \(got), expected \(expected)", advice: "correct the plugin")
    case .nonFinite(let failure, let place, let value):
      failure.text("answered with \(value) at \(place)", advice: "check its weights and its normalisation")
    case .reported(let failure, let message): failure.text("reports: \(message)", advice: nil)
    case .system(let failure, let call, let reason): failure.text("\(call) failed: \(reason)", advice: nil)
    case .noGradients(let program):
      "\(program): announces no vector-Jacobian products, so that there are no input gradients; "
        + "only `run` without --gradient works with it (capability `vjp` in docs/plugin-protocol.md)"
    case .dependent(let program, let dependence): "plugin `\(program)`: \(dependence.words)"
    case .imageShape(let program, let expected, let got):
      "\(program): takes images of shape [N, \(expected.dimensions.map(String.init).joined(separator: ", "))], got \(got)"
    case .requestTooLarge(let program, let images, let shape):
      "\(program): \(images) images of shape \(shape) are more than one request may hold (2 GiB); lower --batch"
    case .preprocessing(let program, let problem): "\(program): \(problem)"
    case .noise(let program, let got, let known):
      "\(program): answers for noise \(known.prefix(8).map { "\($0)" }.joined(separator: ", ")), not for \(got)"
    }
  }

  private static func seconds(_ limit: Duration) -> String {
    let number = limit / .seconds(1)
    return number == 1 ? "1 second" : String(format: "%g seconds", number)
  }
}

/// Which program failed, at what, and what it said last.
package struct PluginFailure: Sendable {
  /// The command, as one line.
  package let program: String
  /// What it was doing, such as "loading its model".
  package let doing: String
  /// The end of its standard error; empty where it wrote nothing.
  package let lastWords: String

  func text(_ what: String, advice: String?) -> String {
    let words =
      lastWords.isEmpty
      ? ""
      : "\nits last words on standard error:\n"
        + lastWords.split(separator: "\n").map { "  | \($0)" }.joined(separator: "\n")
    return "plugin `\(program)`, \(doing): \(what)" + (advice.map { "; \($0)" } ?? "") + words
  }
}

/// How a process ended.
package enum PluginEnding: Sendable, Equatable, CustomStringConvertible {
  case exit(code: Int32)
  case signal(Int32)

  package var description: String {
    switch self {
    case .exit(let code): "ended with exit code \(code)"
    case .signal(let number): "was ended by signal \(number) (\(Self.name(number)))"
    }
  }

  private static func name(_ number: Int32) -> String {
    switch number {
    case 4: "SIGILL, an instruction that this processor does not have"
    case 6: "SIGABRT"
    case 7: "SIGBUS"
    case 8: "SIGFPE"
    case 9: "SIGKILL, as the system does when memory runs out"
    case 11: "SIGSEGV, a crash"
    case 15: "SIGTERM"
    default: "see signal(7)"
    }
  }
}

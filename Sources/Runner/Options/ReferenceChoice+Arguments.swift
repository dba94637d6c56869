import ArgumentParser
import BenchCore
import Plugins
import Served

extension ReferenceChoice {
  /// What `--KIND exact`, `--KIND ID`, `--KIND ID=FILE,...` or `--KIND program=CMD` says.
  /// - Throws: `ValidationError` for an id that there is not, and other files than its plugin takes.
  init(argument: String, of kind: ReferenceKind) throws {
    do {
      try self.init(argument, kind, PagsBench.plugins)
    } catch let error as ReferenceChoiceError {
      throw ValidationError("--\(error)")
    } catch {
      throw ValidationError("\(error)")
    }
  }

  private init(_ argument: String, _ kind: ReferenceKind, _ plugins: PluginSet) throws {
    let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    let (id, text) = (parts[0], parts.count > 1 ? parts[1] : nil)
    switch id {
    case "exact" where text == nil:
      guard kind.canBeExact else { throw ReferenceChoiceError.notExact(kind, task: "", own: nil) }
      self = .exact
    case ServedReferences.id where kind.isServed:
      guard let text, !text.isEmpty else {
        throw ValidationError("--\(kind.rawValue) program: expected program=CMD, the command of a program")
      }
      self = .program(command: text)
    default:
      let plugin = try plugins.reference(kind, id: id)
      self = .plugin(id: id, files: try plugin.paths(text, option: "--\(kind.rawValue)"))
    }
  }

  /// What is read for it, which no output may replace: nothing where it cannot be found, which is said when it is loaded.
  func inputs(_ kind: ReferenceKind) -> [OutputPlace.Input?] {
    guard case .plugin(let id, let files) = self, let plugin = try? PagsBench.plugins.reference(kind, id: id) else {
      return []
    }
    return files.flatMap { (try? plugin.filesRead(at: $0)) ?? [$0] }
      .map { OutputPlace.Input("the checkpoint of --\(kind.rawValue)", $0) }
  }
}

extension ModelEvaluation {
  /// With what is wrong with a choice said as wrong with the arguments.
  init(
    arguments options: EvaluationOptions, of task: any BenchmarkTask, files: ProjectFiles
  ) throws {
    do {
      self = try ModelEvaluation(of: task, options, files: files)
    } catch let error as ReferenceChoiceError {
      throw ValidationError("--\(error)")
    }
  }
}

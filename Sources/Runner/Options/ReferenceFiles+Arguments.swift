import ArgumentParser
import BenchCore
import Plugins
import Text

/// `--manifold`, `--score` or `--reference`: `exact`, or `ID=FILE`.
extension ReferenceFiles.Choice: ExpressibleByArgument {
  public init?(argument: String) {
    if argument == "exact" {
      self = .exact
      return
    }
    guard let sign = argument.firstIndex(of: "="), sign > argument.startIndex,
      argument.index(after: sign) < argument.endIndex
    else { return nil }
    self = .plugin(id: String(argument[..<sign]), file: String(argument[argument.index(after: sign)...]))
  }

  /// The file that is read; nil for the exact one.
  var file: String? {
    if case .plugin(_, let file) = self { file } else { nil }
  }

  /// The same where a plugin may take several.
  /// - Parameter plugins: those of this kind.
  func files(of plugins: [any ReferencePlugin.Type]) -> [String] {
    guard case .plugin(let id, let text) = self, let plugin = plugins.first(where: { $0.id == id }),
      let paths = try? plugin.filesRead(text, option: "")
    else { return [file].compactMap { $0 } }
    return paths
  }

  /// - Parameter known: ids of the plugins of this kind.
  /// - Throws: `ValidationError` for an id that there is not.
  func validate(option: String, known: [String]) throws {
    guard case .plugin(let id, _) = self, !known.contains(id) else { return }
    let nearest = Nearest.match(id, in: known).map { "; did you mean `\($0)`?" } ?? ";"
    throw ValidationError(
      "\(option): there is no `\(id)`\(nearest) expected exact, or "
        + known.map { "\($0)=FILE" }.joined(separator: ", "))
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

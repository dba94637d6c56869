/// Why a submission is refused.
package enum SubmissionError: Error, Sendable, Equatable, CustomStringConvertible {
  case noFolder(String)
  case notAFolder(String)
  case noDescription(String)
  case unreadable(String, String)
  case invalid(String, [SchemaProblem])
  case missingFile(String, folder: String)
  /// A symbolic link that leads out of the folder.
  case outside(String, folder: String, place: String)
  /// The file is not the one that model.json states.
  case digest(file: String, expected: String, got: String)
  case size(file: String, expected: Int, got: Int)
  /// Too large to be kept in the repository.
  case tooLargeToKeep(file: String, bytes: Int, limit: Int)
  /// An ONNX model at an address, whose weights lie in other files.
  case weightsElsewhere(String, locations: [String])
  /// A file of the model's weights whose name has no place in a submission.
  case weightsName(file: String, name: String)
  case assumedNormalisation(file: String)
  case conformance(model: String, failures: [String])
  /// The id belongs to another checkpoint.
  case idTaken(id: String, place: String, recorded: String, submitted: String)
  case alreadySubmitted(id: String, folder: String)
  /// The same checkpoint, read the same way, under another id.
  case sameModel(id: String, other: String, task: String)
  case notReproduced(id: String, differences: [String])
  case notOnLeaderboard(id: String, task: String)
  case externalEvaluation(file: String, problems: [String])
  case template(String)

  package var description: String {
    switch self {
    case .noFolder(let path):
      "\(path): there is no such folder; `pags-bench new-submission \(path)` makes one with a template"
    case .notAFolder(let path): "\(path): is a file, expected a folder with a model.json and its checkpoint"
    case .noDescription(let path):
      "\(path): holds no model.json; `pags-bench new-submission \(path)` writes a template"
    case .unreadable(let path, let reason): "\(path): cannot be read: \(reason)"
    case .invalid(let path, let problems):
      "\(path): \(problems.count == 1 ? "a problem" : "\(problems.count) problems"):\n"
        + problems.map { "  \($0)" }.joined(separator: "\n")
    case .missingFile(let file, let folder):
      "\(folder): model.json names the file \(file), which is not there; put it there, or give a url with sha256 and bytes"
    case .outside(let file, let folder, let place):
      "\(folder)/\(file): leads out of the folder, to \(place); put the file itself there"
    case .digest(let file, let expected, let got):
      "\(file): has SHA-256 \(got), model.json states \(expected); the file was changed or is another one"
    case .size(let file, let expected, let got):
      "\(file): has \(got) bytes, model.json states \(expected); the file was changed or is another one"
    case .tooLargeToKeep(let file, let bytes, let limit):
      "\(file): has \(bytes) bytes, more than the \(limit) that are kept in the repository; publish it where everybody can "
        + "fetch it and give checkpoint.url, sha256 and bytes"
    case .weightsElsewhere(let url, let locations): "\(url): \(SubmittedWeights.elsewhere(locations))"
    case .weightsName(let file, let name):
      "\(file): its weights lie in the file `\(name)`, a name that no file of a submission can have: each part begins with something "
        + "else than a point, and \(SubmittedWeights.ownNames.joined(separator: " and ")) are the submission's own; save the model anew with another "
        + "name (onnx.save_model(model, FILE, save_as_external_data=True, location=NAME))"
    case .assumedNormalisation(let file):
      "\(file): nothing says how pixels are normalised; give preprocessing in model.json ({\"mean\": [0], \"std\": [1]}, one "
        + "number per channel, where the network takes pixels in [0, 1])"
    case .conformance(let model, let failures):
      "\(model): does not conform (\(failures.joined(separator: ", "))), so measurements of it would mean nothing; "
        + "`pags-bench plugins check` says what to do"
    case .idTaken(let id, let place, let recorded, let submitted):
      "id `\(id)` is taken: \(place) is of the checkpoint with SHA-256 \(recorded), this one has \(submitted); a changed "
        + "checkpoint is another model: give it another id"
    case .alreadySubmitted(let id, let folder):
      "`\(id)` with this checkpoint is on the leaderboard already (\(folder)); `pags-bench submit \(folder) --recheck` "
        + "measures it again and compares"
    case .sameModel(let id, let other, let task):
      "`\(id)`: the same checkpoint, read the same way, is on the leaderboard of \(task) as `\(other)`; a model has one id"
    case .notReproduced(let id, let differences):
      "`\(id)`: this evaluation does not agree with the recorded one:\n"
        + differences.map { "  \($0)" }.joined(separator: "\n")
    case .notOnLeaderboard(let id, let task):
      "`\(id)` is not on the leaderboard of \(task), so there is nothing to compare with; submit it first"
    case .externalEvaluation(let file, let problems):
      "\(file): cannot be recorded as an external evaluation:\n" + problems.map { "  \($0)" }.joined(separator: "\n")
    case .template(let path): "\(path): exists already; choose another folder, or remove it"
    }
  }
}

import BenchCore
import Checkpoints
import Foundation
import Plugins
import Testing

@testable import Training

/// The trained networks in `models/`: each has its recipe and its result, and they are about the same bytes.
@Suite struct ReferenceModelsTests {
  private static let root = URL(fileURLWithPath: #filePath)
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  private static let models = root.appendingPathComponent("models")

  /// Folders of `models/` that hold a description.
  private static let ids: [String] =
    ((try? FileManager.default.contentsOfDirectory(atPath: models.path)) ?? [])
    .filter { FileManager.default.fileExists(atPath: models.appendingPathComponent("\($0)/model.json").path) }
    .sorted()

  private static func recipe(_ id: String) throws -> TrainingConfiguration {
    try TrainingConfiguration.read(models.appendingPathComponent("recipes/\(id).json"))
  }

  /// On the leaderboard or beside it.
  private static func result(_ id: String, of task: String) throws -> EvaluationResult {
    let places = ["results", "unranked"].map {
      root.appendingPathComponent("leaderboard/\($0)/\(task)/\(id).json")
    }
    return try ResultFile.read(places.first { FileManager.default.fileExists(atPath: $0.path) } ?? places[0])
  }

  @Test(arguments: ids)
  func isWhatItsRecipeAndResultSay(_ id: String) throws {
    let folder = Self.models.appendingPathComponent(id)
    let description = try DescriptionLookup.read(folder.appendingPathComponent("model.json"))
    let checkpoint = try CheckpointFile.open(folder.appendingPathComponent("model.ckpt").path)
    #expect(description.id == id)
    #expect(description.checkpoint?.sha256 == checkpoint.sha256)

    let recipe = try Self.recipe(id)
    #expect(recipe.task == description.task)
    #expect(recipe.kind == description.kind ?? .classifier)
    // Autoencoders and denoisers are measured by docs/references.md and are not on the leaderboard.
    guard recipe.kind == .classifier else { return }

    let result = try Self.result(id, of: recipe.task)
    #expect(result.model.checkpoint?.sha256 == checkpoint.sha256)
    #expect(result.model.checkpoint?.bytes == checkpoint.byteCount)
    let facts = try #require(BuiltinPlugins.all.tasks.first { $0.id == recipe.task }?.facts)
    #expect(result.task.id == recipe.task && facts.version.map { $0 == result.task.version } ?? true)
    let claimed = try #require(description.claims?.accuracy)
    let measured = try #require(result.measurements.accuracy.value)
    // Both are measured on images of their own, the claim on at least as many as the result.
    let images = Double(result.measurementProtocol.images)
    #expect(abs(claimed - measured) < 5 * (claimed * (1 - claimed) * 2 / images).squareRoot())
  }

  /// Autoencoders and denoisers may be left to be made from their recipes.
  @Test func everyRecipeHasItsModel() throws {
    let recipes = try FileManager.default.contentsOfDirectory(
      atPath: Self.models.appendingPathComponent("recipes").path
    ).filter { $0.hasSuffix(".json") }.map { String($0.dropLast(".json".count)) }
    for id in recipes where try Self.recipe(id).kind == .classifier {
      #expect(Self.ids.contains(id), "models/recipes/\(id).json has no models/\(id)")
    }
  }

  /// Three of each regime, from at least four objectives, all labels given and none against the folder they are in.
  @Test func regimesAreCovered() throws {
    var count: [RegimeLabel: Int] = [:]
    var objectives: Set<String> = []
    for id in Self.ids {
      let recipe = try Self.recipe(id)
      guard recipe.kind == .classifier else { continue }
      let result = try Self.result(id, of: recipe.task)
      // Of a task without a rule.
      if result.regime.evidence.notApplied != nil { continue }
      count[result.regime.label, default: 0] += 1
      objectives.insert(recipe.objective.name)
    }
    #expect(count[.weak, default: 0] >= 3)
    #expect(count[.bayesAligned, default: 0] >= 3)
    #expect(count[.excessive, default: 0] >= 3)
    #expect(count[.indeterminate] == nil)
    #expect(objectives.count >= 4)
  }
}

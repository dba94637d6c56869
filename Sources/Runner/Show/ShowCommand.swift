import ArgumentParser
import BenchCore
import Foundation
import Plugins
import Sheets

/// `pags-bench show`: sheets of pictures.
struct ShowCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "show", abstract: "Draws sheets of images, gradients, scores and directions, as SVG or PNG.",
    discussion: """
      The images in rows; beside them what the models' gradients are compared with. Below each picture are its numbers, which are \
      those of an evaluation with the same seed. How to: docs/show.md
      """,
    subcommands: [
      Gradients.self, Tangents.self, Scores.self, Samples.self, SynthesisCommand.self, CounterfactualsCommand.self,
    ])

  struct Gradients: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Input gradients of models beside the score and the reference's gradient (the paper's figures 1, 6, 10 to 15).")

    @Argument(
      help:
        "Checkpoints or model.json of the models, or `bayes`, `bayes:SIGMA` or `margin`; may be left out with --plugin.",
      completion: .file())
    var models: [String] = []

    @OptionGroup(title: "Gradients of noisy copies, in the column smoothgrad (docs/synthesis.md)")
    var smoothing: SmoothGradOptions

    @OptionGroup var measurement: MeasurementOptions

    @OptionGroup var inputs: MapSheetInputs

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func validate() throws {
      guard !models.isEmpty || inputs.options.program.plugin != nil else {
        throw ValidationError(
          "Missing expected argument '<models> ...': checkpoints, a model.json, `bayes`, or --plugin")
      }
      try inputs.check(models)
    }

    func run() throws {
      try MapSheetWork(
        kind: .gradients, models: models, inputs, reporting, smoothGrad: smoothing.settings, measurement: measurement
      ).run()
    }
  }

  struct Tangents: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract:
        "Directions along the tangent spaces and off them (the paper's figure 7), and gradients split into the two.")

    @Argument(
      help:
        "Checkpoints or model.json of models whose gradients are split, or `bayes`, `bayes:SIGMA` or `margin`; may be none.",
      completion: .file())
    var models: [String] = []

    @OptionGroup var inputs: MapSheetInputs

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func validate() throws { try inputs.check(models) }

    func run() throws { try MapSheetWork(kind: .tangents, models: models, inputs, reporting).run() }
  }

  struct Scores: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "The score at several noise levels, and what it makes of the images.")

    @Argument(
      help: "Checkpoints or model.json of models whose gradients stand beside it, or `bayes`; may be none.",
      completion: .file())
    var models: [String] = []

    @OptionGroup var inputs: MapSheetInputs

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func validate() throws { try inputs.check(models) }

    func run() throws { try MapSheetWork(kind: .scores, models: models, inputs, reporting).run() }
  }

  struct Samples: ReportingCommand {
    static let configuration = CommandConfiguration(
      abstract: "Images of a task with their labels, and with what models make of them.")

    @Argument(
      help: "Checkpoints or model.json of models whose predictions are shown, or `bayes`; may be none.",
      completion: .file())
    var models: [String] = []

    @OptionGroup var sheet: SheetOptions

    @Option(help: "Images in a row.")
    var columns: Int = 10

    @Option(help: ArgumentHelp("Name of a model on the sheet; given once for each model.", valueName: "text"))
    var label: [String] = []

    @OptionGroup var options: ModelOptions

    @OptionGroup(title: "What is said, and where") var reporting: ReportingOptions

    func validate() throws {
      try OptionBounds.check("--columns", columns, in: 1...100)
      try ShownModels.check(models, labels: label, options)
    }

    func run() throws {
      try SampleSheetWork(models: models, sheet: sheet, columns: columns, labels: label, options: options)
        .run(reporting)
    }
  }
}

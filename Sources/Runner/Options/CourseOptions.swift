import ArgumentParser
import Training

/// How a training goes, whatever network is trained for whatever: options that replace parts of a recipe.
struct CourseOptions: ParsableArguments {
  @Option(help: "Of weights, order, noise and augmentation. (default: 0)")
  var seed: UInt64?

  @Option(help: "Of drawn training images. (default: 7)")
  var dataSeed: UInt64?

  @Option(help: "Number of training images. (default: the task's own)")
  var images: Int?

  @Option(help: "Images per step. (default: 64)")
  var batch: Int?

  @Option(help: "Optimizer. (default: adam)")
  var optimizer: OptimizerConfiguration.Name?

  @Option(help: ArgumentHelp("Largest learning rate. (default: 0.004)", valueName: "rate"))
  var learningRate: Double?

  @Option(help: "Momentum of sgd. (default: 0.9)")
  var momentum: Double?

  @Flag(help: "Nesterov's momentum, for sgd.")
  var nesterov = false

  @Option(
    help: ArgumentHelp("Adam's decay of the mean of gradients; one-cycle moves it. (default: 0.9)", valueName: "beta"))
  var beta1: Double?

  @Option(help: ArgumentHelp("Adam's decay of the mean of their squares. (default: 0.999)", valueName: "beta"))
  var beta2: Double?

  @Option(help: ArgumentHelp("Weight decay. (default: 0)", valueName: "factor"))
  var weightDecay: Double?

  @Option(help: "How the learning rate changes. (default: one-cycle)")
  var schedule: ScheduleConfiguration.Name?

  @Option(help: ArgumentHelp("Share of the steps in which one-cycle rises. (default: 0.15)", valueName: "share"))
  var warmup: Double?

  @Option(
    help: ArgumentHelp("Largest length of the gradient; 0 for no limit. (default: 5)", valueName: "length"))
  var gradientClipping: Double?

  @Option(
    help: ArgumentHelp("Pad images by so many zeros and cut out a random window. (default: 0)", valueName: "count"))
  var crop: Int?

  @Flag(help: "Flip half of the images.")
  var flip = false

  @Option(help: "How weights begin. (default: pytorch)")
  var initialisation: Initialisation?

  /// All other numbers are bounded with those of the recipe (`TrainingConfiguration.check`), in which a larger seed could not be written.
  func validate() throws {
    try OptionBounds.check("--seed", seed, in: OptionBounds.seed)
    try OptionBounds.check("--data-seed", dataSeed, in: OptionBounds.seed)
  }

  /// Puts what was given in its place.
  func replace(_ configuration: inout TrainingConfiguration) {
    func replace<Value>(_ path: WritableKeyPath<TrainingConfiguration, Value>, _ value: Value?) {
      if let value { configuration[keyPath: path] = value }
    }
    replace(\.seed, seed)
    replace(\.dataSeed, dataSeed)
    replace(\.images, images.map { $0 })
    replace(\.batch, batch)
    replace(\.optimizer.name, optimizer)
    replace(\.optimizer.learningRate, learningRate)
    replace(\.optimizer.momentum, momentum)
    replace(\.optimizer.beta1, beta1)
    replace(\.optimizer.beta2, beta2)
    if nesterov { configuration.optimizer.nesterov = true }
    replace(\.optimizer.weightDecay, weightDecay)
    replace(\.schedule.name, schedule)
    replace(\.schedule.warmup, warmup)
    if let gradientClipping { configuration.gradientClipping = gradientClipping == 0 ? nil : gradientClipping }
    replace(\.augmentation.crop, crop)
    if flip { configuration.augmentation.flip = true }
    replace(\.initialisation, initialisation)
  }
}

extension OptimizerConfiguration.Name: ExpressibleByArgument {}
extension ScheduleConfiguration.Name: ExpressibleByArgument {}
extension Initialisation: ExpressibleByArgument {}

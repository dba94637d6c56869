import Subprocess
import SystemPackage

/// A process that ends a plugin when this one is no more, whatever ended it.
///
/// A signal handler does not see SIGKILL, and `PR_SET_PDEATHSIG` reaches neither the plugin's own children nor outlives the
/// thread that started it. The guard, a shell, leads the process group that the plugin is put into, and reads from a pipe
/// whose other end this process alone holds: the system closes that end when this process ends, and the guard ends the
/// group, itself included. Since it leads the group, the group's number cannot come to mean other processes.
enum PluginGuard {
  /// Terminal and batch system send their signals to the runner, which decides.
  private static let script = "trap '' HUP INT QUIT TERM; read -r line; kill -s KILL 0"

  /// - Parameter lifeline: what is read from until it is closed; it is closed here.
  /// - Returns: the group for the plugin.
  static func start(lifeline: FileDescriptor) throws -> ChildProcess {
    var options = PlatformOptions()
    options.processGroupID = 0
    let silent = try FileDescriptor.open("/dev/null", .writeOnly)
    let silentErrors = try FileDescriptor.open("/dev/null", .writeOnly)
    return try ChildProcess.start(
      Configuration(
        executable: .path("/bin/sh"), arguments: ["-c", script], workingDirectory: "/", platformOptions: options),
      input: lifeline, output: silent, errors: silentErrors)
  }
}

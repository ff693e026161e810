"""What people see: the weekly job, the commands, the platforms, the command line."""

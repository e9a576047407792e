"""Posts that repeat another one."""
